/* A picture carried on from its known pixels into a hole, nearest pixels first (Telea 2004).

   Each pixel becomes a mean of those around it that are known by then. They count more the nearer
   they are, the more alike their distance from the known is, and the more they lie in the direction
   in which that grows, so that lines go on. */

#include <stddef.h>
#include <stdint.h>

#define CHANNELS 4

typedef float floats4 __attribute__((vector_size(16), aligned(4)));

typedef struct {
    int32_t rows, columns, radius;
    float *pixels;         /* (rows, columns, CHANNELS) */
    uint8_t *known;        /* (rows, columns) */
    const float *distance; /* (rows, columns), from what is known at first */
} Picture;

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
static float magnitude(float value) { return __builtin_fabsf(value); }

/* How fast the distance grows at a pixel, along columns and rows. */
static void growth_at(const Picture *picture, int32_t row, int32_t column, float *x, float *y)
{
    const float *here = picture->distance + (ptrdiff_t)row * picture->columns + column;
    int32_t right = column + 1 < picture->columns, left = column > 0;
    int32_t below = row + 1 < picture->rows, above = row > 0;
    *x = here[right] - here[-left];
    *y = here[below * picture->columns] - here[-above * picture->columns];
}

static void complete(const Picture *picture, int32_t at)
{
    int32_t row = at / picture->columns, column = at % picture->columns, radius = picture->radius;
    float nx, ny, total = 0, own = picture->distance[at];
    growth_at(picture, row, column, &nx, &ny);
    floats4 sum = {0};
    for (int32_t y = larger(row - radius, 0); y <= smaller(row + radius, picture->rows - 1); y++)
        for (int32_t x = larger(column - radius, 0);
             x <= smaller(column + radius, picture->columns - 1); x++) {
            ptrdiff_t from = (ptrdiff_t)y * picture->columns + x;
            if (!picture->known[from])
                continue;
            float across = (float)(column - x), down = (float)(row - y);
            float square = across * across + down * down;
            float alike = 1 + magnitude(picture->distance[from] - own);
            float along = magnitude(across * nx + down * ny) + 1e-3f;
            float weight = along / (square * square * alike);
            floats4 pixel;
            __builtin_memcpy(&pixel, picture->pixels + from * CHANNELS, sizeof pixel);
            sum += weight * pixel;
            total += weight;
        }
    if (total <= 0)
        return;
    sum /= total;
    __builtin_memcpy(picture->pixels + (ptrdiff_t)at * CHANNELS, &sum, sizeof sum);
    picture->known[at] = 1;
}

/* order: the pixels to complete, the nearest to the known first. */
void windstill_march(const Picture *picture, const int32_t *order, int32_t count)
{
    for (int32_t k = 0; k < count; k++)
        complete(picture, order[k]);
}
