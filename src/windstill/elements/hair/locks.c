/* Noise summed up along strands: a line-integral convolution (Cabral and Leedom 1993).

   A strand's direction has no sign: each step takes the one that goes on as before. Directions are
   given by the cosine and the sine of twice the angle of what lies across the strand. */

#include <stddef.h>

#include "../../imaging/mirror.h"

/* Of each cell: noises, cosine and sine of the doubled angle, and nothing. */
#define NOISES 3
#define COSINE 3
#define SINE 4
#define CHANNELS 8
/* Cells of a step. */
#define STEP 1.5f

typedef float channels __attribute__((vector_size(4 * CHANNELS), aligned(4)));

typedef struct {
    int32_t rows, columns;
    const float *cells;    /* (rows, columns, CHANNELS) */
    const float *tangents; /* (rows, columns, 2): unit vectors along the strands */
} Strands;

typedef struct {
    float x, y;
} Vector;

static channels cell_at(const Strands *strands, int32_t row, int32_t column)
{
    channels found;
    ptrdiff_t cell = (ptrdiff_t)row * strands->columns + column;
    __builtin_memcpy(&found, strands->cells + cell * CHANNELS, sizeof found);
    return found;
}

/* All channels between four cells. */
static channels read_at(const Strands *strands, Vector at)
{
    int32_t left = (int32_t)at.x - (at.x < 0), top = (int32_t)at.y - (at.y < 0);
    int32_t rows[2] = {mirrored(top, strands->rows), mirrored(top + 1, strands->rows)};
    int32_t columns[2] = {mirrored(left, strands->columns), mirrored(left + 1, strands->columns)};
    float beside = at.x - (float)left, below = at.y - (float)top;
    channels a = cell_at(strands, rows[0], columns[0]), b = cell_at(strands, rows[0], columns[1]);
    channels c = cell_at(strands, rows[1], columns[0]), d = cell_at(strands, rows[1], columns[1]);
    channels upper = a + (b - a) * beside, lower = c + (d - c) * beside;
    return upper + (lower - upper) * below;
}

/* The direction along a strand that goes on as `before` does. */
static Vector onward(float cosine, float sine, Vector before)
{
    float length = __builtin_sqrtf(cosine * cosine + sine * sine);
    cosine = length > 0 ? cosine / length : 1;
    float up = __builtin_sqrtf(__builtin_fabsf(1 + cosine) / 2);
    float side = __builtin_sqrtf(__builtin_fabsf(1 - cosine) / 2);
    Vector found = {sine < 0 ? side : -side, up};
    if (found.x * before.x + found.y * before.y < 0)
        found = (Vector){-found.x, -found.y};
    return found;
}

/* What lies on `steps` places along the strand from a cell on. */
static channels sum_along(const Strands *strands, Vector at, Vector heading, int32_t steps)
{
    channels sum = {0};
    for (int32_t step = 0; step < steps; step++) {
        at.x += STEP * heading.x;
        at.y += STEP * heading.y;
        channels here = read_at(strands, at);
        sum += here;
        heading = onward(here[COSINE], here[SINE], heading);
    }
    return sum;
}

/* total: (rows, columns, NOISES), the noises of each cell and of `steps` places to either side. */
void windstill_along_strands(const Strands *strands, int32_t steps, float *total)
{
    for (int32_t row = 0; row < strands->rows; row++)
        for (int32_t column = 0; column < strands->columns; column++) {
            ptrdiff_t cell = (ptrdiff_t)row * strands->columns + column;
            Vector here = {(float)column, (float)row};
            Vector onwards = {strands->tangents[2 * cell], strands->tangents[2 * cell + 1]};
            Vector back = {-onwards.x, -onwards.y};
            channels found = cell_at(strands, row, column);
            found += sum_along(strands, here, onwards, steps);
            found += sum_along(strands, here, back, steps);
            for (int noise = 0; noise < NOISES; noise++)
                total[cell * NOISES + noise] = found[noise];
        }
}
