/* Which macroblocks of a picture are the same as in another; changes.py says what for. */

#include "../imaging/words.h"

/* Luma pixels of a macroblock's side; chroma has half of them. */
#define BLOCK 16
/* Macroblocks that are looked at together. */
#define RUN 64
/* Bytes of a word. */
#define WORD 8

/* Ors the bits that differ in `rows` rows of `words` words into `found`, one of each column. */
static INLINE void gather(const Plane *before, const Plane *after, int32_t top, int32_t left,
                          int32_t rows, int32_t words, uint64_t *found)
{
    for (int32_t y = top; y < top + rows; y++) {
        const uint8_t *one = before->pixels + y * before->stride + left;
        const uint8_t *other = after->pixels + y * after->stride + left;
        for (int32_t at = 0; at < words; at++) {
            uint64_t a, b;
            __builtin_memcpy(&a, one + at * WORD, WORD);
            __builtin_memcpy(&b, other + at * WORD, WORD);
            found[at] |= a ^ b;
        }
    }
}

/* Whether samples differ in a part of a block that is no whole number of words wide. */
static int differs(const Plane *before, const Plane *after, int32_t top, int32_t left,
                   int32_t rows, int32_t columns)
{
    for (int32_t y = top; y < top + rows; y++)
        for (int32_t x = left; x < left + columns; x++)
            if (before->pixels[y * before->stride + x] != after->pixels[y * after->stride + x])
                return 1;
    return 0;
}

/* same: for each macroblock, row by row, 1 if all samples of Y, U and V are equal, else 0. height
   and width, of the luma plane, are even. */
void windstill_unchanged(const Plane before[3], const Plane after[3], int32_t height,
                         int32_t width, uint8_t *same)
{
    int32_t whole = width / BLOCK;
    for (int32_t top = 0; top < height; top += BLOCK) {
        int32_t rows = smaller(BLOCK, height - top);
        for (int32_t first = 0; first < whole; first += RUN) {
            int32_t count = smaller(RUN, whole - first);
            uint64_t luma[2 * RUN] = {0}, chroma[RUN] = {0};
            gather(&before[0], &after[0], top, first * BLOCK, rows, 2 * count, luma);
            for (int32_t plane = 1; plane < 3; plane++)
                gather(&before[plane], &after[plane], top / 2, first * WORD, rows / 2, count,
                       chroma);
            for (int32_t at = 0; at < count; at++)
                *same++ = !(luma[2 * at] | luma[2 * at + 1] | chroma[at]);
        }
        int32_t left = whole * BLOCK, rest = width - left;
        if (rest)
            *same++ = !(differs(&before[0], &after[0], top, left, rows, rest) ||
                        differs(&before[1], &after[1], top / 2, left / 2, rows / 2, rest / 2) ||
                        differs(&before[2], &after[2], top / 2, left / 2, rows / 2, rest / 2));
    }
}
