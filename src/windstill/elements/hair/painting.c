/* Hair in one pose, laid over a picture: see layer.py for the formula.

   The pose is a weighted sum of coarse maps, which tell for each cell where its hair comes from.
   Between the centres of cells positions are interpolated linearly, and so are the samples of the
   planes, which were made twice as large and continued beyond their edges for that. Samples hold
   the hair's light and, behind it, how much of what lies behind shows through. Positions apart all
   is of integers, so that every processor gives the same bytes.

   painting.py fills the structures, and sees to shapes and types. */

#include "../../imaging/words.h"

/* Positions are counted in 1/32 sample. */
#define SAMPLE_BITS 5
#define SAMPLE_ONE (1 << SAMPLE_BITS)
#define WIDTH 8

/* A rectangle of a plane. */
typedef struct {
    int32_t top, left, bottom, right;
} Span;

/* Planes of one size. Rows lie one after the other, without gaps. */
typedef struct {
    int32_t height, width;  /* of the samples */
    int32_t cell;           /* pixels along the side of a cell */
    float scale, offset;    /* from the pose to positions among the samples */
    const int16_t *samples; /* of luma: light and clearness; of chroma: U, V, clearness, nothing */
    const int32_t *cells;   /* of each column of pixels: the cell whose centre is to its left, */
    const float *shares;    /* and how far on it is to the next one's, in [0, 1) */
    const Span *spans;
    const uint8_t *least[2], *most[2]; /* what pixels of each plane may become; `stride` to a row */
    int32_t stride;
} Sheet;

typedef struct {
    int32_t tones, spans;  /* maps that are summed up; rectangles to paint */
    int32_t rows, columns; /* of cells */
    const float *basis;    /* (tones, rows, columns, 2) */
    const float *rest;     /* (rows, columns, 2), the pose of the photo: luma, doubled */
    Sheet luma, chroma;
    float *pose;           /* to work in: (rows, columns, 2) */
    float *work;           /* and four rows of pixels */
} Hair;

/* Where the pixels of a row that runs through the centres of cells come from. */
typedef struct {
    float *x, *y;
} Row;

static void find_pose(const Hair *hair, const float *weights)
{
    int32_t count = 2 * hair->rows * hair->columns;
    float *restrict pose = hair->pose;
    __builtin_memcpy(pose, hair->rest, sizeof(float) * (size_t)count);
    for (int32_t tone = 0; tone < hair->tones; tone++) {
        const float *restrict map = hair->basis + (ptrdiff_t)tone * count;
        float weight = weights[tone];
        for (int32_t k = 0; k < count; k++)
            pose[k] += weight * map[k];
    }
}

/* Positions, in 1/32 sample, along a row of cells, for the pixels from `left` on. */
static void find_row(const Hair *hair, const Sheet *sheet, int32_t cell_row, int32_t left,
                     int32_t count, Row out)
{
    const float *from = hair->pose + 2 * (ptrdiff_t)cell_row * hair->columns;
    const int32_t *cells = sheet->cells + left;
    const float *shares = sheet->shares + left;
    float scale = sheet->scale * SAMPLE_ONE, offset = sheet->offset * SAMPLE_ONE;
    for (int32_t k = 0; k < count; k++) {
        const float *here = from + 2 * cells[k];
        out.x[k] = (here[0] + (here[2] - here[0]) * shares[k]) * scale + offset;
        out.y[k] = (here[1] + (here[3] - here[1]) * shares[k]) * scale + offset;
    }
}

/* Eight positions between two rows, none of them beyond the last sample but one. */
static INLINE longs8 between(const float *above, const float *below, float share, int32_t samples)
{
    longs8 found;
    int32_t last = ((samples - 1) << SAMPLE_BITS) - 1;
    for (int k = 0; k < WIDTH; k++) {
        int32_t at = (int32_t)(above[k] + (below[k] - above[k]) * share + 0.5f);
        found[k] = smaller(larger(at, 0), last);
    }
    return found;
}

static INLINE words8 two_of(const int16_t *first, const int16_t *second)
{
    words8 both;
    __builtin_memcpy(&both, first, 8);
    __builtin_memcpy((int16_t *)&both + 4, second, 8);
    return both;
}

static INLINE words8 eight_of_words(const int16_t *from)
{
    words8 found;
    __builtin_memcpy(&found, from, sizeof found);
    return found;
}

/* Words blended downwards, in 1/32. */
static INLINE words8 blended(words8 above, words8 below, words8 share)
{
    return (above << SAMPLE_BITS) + (below - above) * share;
}

/* Likewise sidewards, words in 1/32, to whole ones. */
static INLINE words8 crossed(words8 left, words8 right, words8 share)
{
    words8 found = left + scaled(right - left, share << (15 - SAMPLE_BITS));
    return (found + SAMPLE_ONE / 2) >> SAMPLE_BITS;
}

/* round(a b / 255) of words from 0 to 255 */
static INLINE words8 multiplied(words8 a, words8 b)
{
    pairs8 product = (pairs8)a * (pairs8)b + 128;
    return (words8)((product + (product >> 8)) >> 8);
}

/* Eight pixels' places among the samples: the first sample of each, and the shares of the next
   row and column. */
typedef struct {
    longs8 from;
    words8 below, beside;
} Places;

static INLINE Places places_of(const Sheet *sheet, longs8 x, longs8 y)
{
    Places found = {
        (y >> SAMPLE_BITS) * sheet->width + (x >> SAMPLE_BITS),
        __builtin_convertvector(y & (SAMPLE_ONE - 1), words8),
        __builtin_convertvector(x & (SAMPLE_ONE - 1), words8),
    };
    return found;
}

#define EACH(share, a, b, c, d) __builtin_shufflevector(share, share, a, a, b, b, c, c, d, d)
#define BOTH(share, a, b) __builtin_shufflevector(share, share, a, a, a, a, b, b, b, b)

/* Light and clearness of eight pixels of luma. */
static INLINE void luma_of(const Sheet *sheet, Places at, words8 *light, words8 *clear)
{
    const int16_t *top = sheet->samples, *bottom = top + 2 * (ptrdiff_t)sheet->width;
#define DOWN(a, b)                                                                                 \
    blended(two_of(top + 2 * (ptrdiff_t)at.from[a], top + 2 * (ptrdiff_t)at.from[b]),              \
            two_of(bottom + 2 * (ptrdiff_t)at.from[a], bottom + 2 * (ptrdiff_t)at.from[b]),        \
            BOTH(at.below, a, b))
    words8 one = DOWN(0, 1), two = DOWN(2, 3), three = DOWN(4, 5), four = DOWN(6, 7);
#undef DOWN
#define LEFT(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13)
#define RIGHT(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15)
    words8 first = crossed(LEFT(one, two), RIGHT(one, two), EACH(at.beside, 0, 1, 2, 3));
    words8 last = crossed(LEFT(three, four), RIGHT(three, four), EACH(at.beside, 4, 5, 6, 7));
#undef LEFT
#undef RIGHT
    *light = __builtin_shufflevector(first, last, 0, 2, 4, 6, 8, 10, 12, 14);
    *clear = __builtin_shufflevector(first, last, 1, 3, 5, 7, 9, 11, 13, 15);
}

/* Light of eight pixels of U and V, and their clearness. */
static INLINE void chroma_of(const Sheet *sheet, Places at, words8 lights[2], words8 *clear)
{
    const int16_t *top = sheet->samples, *bottom = top + 4 * (ptrdiff_t)sheet->width;
    words8 pairs[WIDTH / 2];
#define DOWN(k)                                                                                    \
    blended(eight_of_words(top + 4 * (ptrdiff_t)at.from[k]),                                       \
            eight_of_words(bottom + 4 * (ptrdiff_t)at.from[k]), BOTH(at.below, k, k))
#define PAIR(a, b)                                                                                 \
    do {                                                                                           \
        words8 one = DOWN(a), two = DOWN(b);                                                       \
        words8 left = __builtin_shufflevector(one, two, 0, 1, 2, 3, 8, 9, 10, 11);                 \
        words8 right = __builtin_shufflevector(one, two, 4, 5, 6, 7, 12, 13, 14, 15);              \
        pairs[(a) / 2] = crossed(left, right, BOTH(at.beside, a, b));                              \
    } while (0)
    PAIR(0, 1);
    PAIR(2, 3);
    PAIR(4, 5);
    PAIR(6, 7);
#undef PAIR
#undef DOWN
#define UV(a, b) __builtin_shufflevector(a, b, 0, 4, 8, 12, 1, 5, 9, 13)
#define CLEAR(a, b) __builtin_shufflevector(a, b, 2, 6, 10, 14, 2, 6, 10, 14)
    words8 first = UV(pairs[0], pairs[1]), last = UV(pairs[2], pairs[3]);
    words8 left = CLEAR(pairs[0], pairs[1]), right = CLEAR(pairs[2], pairs[3]);
#undef UV
#undef CLEAR
    lights[0] = __builtin_shufflevector(first, last, 0, 1, 2, 3, 8, 9, 10, 11);
    lights[1] = __builtin_shufflevector(first, last, 4, 5, 6, 7, 12, 13, 14, 15);
    *clear = __builtin_shufflevector(left, right, 0, 1, 2, 3, 8, 9, 10, 11);
}

/* Lays eight pixels of light over what is there, of which so much shows through. */
static INLINE void lay_over(uint8_t *pixels, words8 light, words8 clear, const uint8_t *least,
                            const uint8_t *most)
{
    words8 levels = light + multiplied(clear, eight_of_bytes(pixels));
    levels = limited(levels, eight_of_bytes(least), eight_of_bytes(most));
    bytes8 now = __builtin_convertvector(levels, bytes8);
    __builtin_memcpy(pixels, &now, sizeof now);
}

/* Eight pixels, of which only `count` are there. */
static INLINE void lay_some_over(uint8_t *pixels, words8 light, words8 clear, const uint8_t *least,
                                 const uint8_t *most, int32_t count)
{
    if (count >= WIDTH) {
        lay_over(pixels, light, clear, least, most);
        return;
    }
    uint8_t some[3][WIDTH] = {{0}};
    for (int32_t k = 0; k < count; k++) {
        some[0][k] = pixels[k];
        some[1][k] = least[k];
        some[2][k] = most[k];
    }
    lay_over(some[0], light, clear, some[1], some[2]);
    for (int32_t k = 0; k < count; k++)
        pixels[k] = some[0][k];
}

/* A row of a rectangle: of luma if there is one plane, else of U and V. */
static INLINE void paint_row(const Sheet *sheet, const Span *span, int32_t row, Row above,
                             Row below, float share, const Plane *planes, int count)
{
    for (int32_t column = span->left; column < span->right; column += WIDTH) {
        int32_t k = column - span->left, left = span->right - column;
        longs8 x = between(above.x + k, below.x + k, share, sheet->width);
        longs8 y = between(above.y + k, below.y + k, share, sheet->height);
        Places at = places_of(sheet, x, y);
        ptrdiff_t limit = (ptrdiff_t)row * sheet->stride + column;
        words8 lights[2], clear;
        if (count == 1)
            luma_of(sheet, at, lights, &clear);
        else
            chroma_of(sheet, at, lights, &clear);
        for (int plane = 0; plane < count; plane++)
            lay_some_over(planes[plane].pixels + row * planes[plane].stride + column, lights[plane],
                          clear, sheet->least[plane] + limit, sheet->most[plane] + limit, left);
    }
}

static INLINE void paint_span(const Hair *hair, const Sheet *sheet, const Span *span,
                              const Plane *planes, int planes_count)
{
    /* Whole eights: the tables of columns go on as far. */
    int32_t count = (span->right - span->left + WIDTH - 1) / WIDTH * WIDTH, twice = 2 * sheet->cell;
    Row above = {hair->work, hair->work + count};
    Row below = {hair->work + 2 * (ptrdiff_t)count, hair->work + 3 * (ptrdiff_t)count};
    int32_t known = -1;
    for (int32_t row = span->top; row < span->bottom; row++) {
        int32_t at = 2 * row + 1 + sheet->cell, cell_row = at / twice;
        if (cell_row == known + 1 && known >= 0) {
            Row spare = above;
            above = below;
            below = spare;
        } else if (cell_row != known) {
            find_row(hair, sheet, cell_row, span->left, count, above);
        }
        if (cell_row != known)
            find_row(hair, sheet, cell_row + 1, span->left, count, below);
        known = cell_row;
        float share = (float)(at % twice) / (float)twice;
        paint_row(sheet, span, row, above, below, share, planes, planes_count);
    }
}

/* weights: of each tone. planes: Y, U and V of the part of a picture that the hair is in. */
void windstill_paint_hair(const Hair *hair, const float *weights, const Plane *planes)
{
    find_pose(hair, weights);
    for (int32_t k = 0; k < hair->spans; k++)
        paint_span(hair, &hair->luma, hair->luma.spans + k, planes, 1);
    for (int32_t k = 0; k < hair->spans; k++)
        paint_span(hair, &hair->chroma, hair->chroma.spans + k, planes + 1, 2);
}
