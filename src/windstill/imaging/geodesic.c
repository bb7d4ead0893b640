/* Alternating raster scans of a 5x5 chamfer, until nothing changes; geodesic.py says what for. */

#include <stddef.h>
#include <stdint.h>

#define MOVES 7
#define CROSSED 4

/* From a known pixel to the next: columns and rows, and its length. Then the pixels whose mean
   cost is its price, as columns and rows back from its end: a long move must not jump over a wall,
   a short one crosses two, named twice. These are the moves downwards of the 16; the others are
   the same turned upside down. */
typedef struct {
    int8_t across, down;
    float length;
    int8_t pixels[CROSSED][2];
} Move;

static const Move moves[MOVES] = {
    {0, 1, 1.0f, {{0, 0}, {0, 1}, {0, 0}, {0, 1}}},
    {-1, 1, 1.41421356f, {{0, 0}, {-1, 1}, {0, 0}, {-1, 1}}},
    {1, 1, 1.41421356f, {{0, 0}, {1, 1}, {0, 0}, {1, 1}}},
    {-2, 1, 2.23606798f, {{0, 0}, {-2, 1}, {-1, 0}, {-1, 1}}},
    {2, 1, 2.23606798f, {{0, 0}, {2, 1}, {1, 0}, {1, 1}}},
    {-1, 2, 2.23606798f, {{0, 0}, {-1, 2}, {0, 1}, {-1, 1}}},
    {1, 2, 2.23606798f, {{0, 0}, {1, 2}, {0, 1}, {1, 1}}},
};

typedef struct {
    const float *cost;
    float *distance;
    int32_t height, width;
} Plane;

/* Shortens the distances of a row by a move that ends there; whether any got shorter. before: the
   offset of the row scanned before. */
static int shortened(const Plane *plane, ptrdiff_t row, ptrdiff_t before, const Move *move)
{
    ptrdiff_t first = move->across > 0 ? move->across : 0;
    ptrdiff_t count = plane->width - (move->across < 0 ? -move->across : move->across);
    const float *cost[CROSSED];
    for (int k = 0; k < CROSSED; k++)
        cost[k] = plane->cost + row + first - move->pixels[k][0] + move->pixels[k][1] * before;
    const float *restrict a = cost[0], *restrict b = cost[1];
    const float *restrict c = cost[2], *restrict d = cost[3];
    float *restrict here = plane->distance + row + first;
    const float *restrict there = here - move->across + move->down * before;
    float length = move->length / CROSSED;
    int changed = 0;
    for (ptrdiff_t x = 0; x < count; x++) {
        float found = there[x] + (a[x] + b[x] + c[x] + d[x]) * length;
        changed |= found < here[x];
        here[x] = found < here[x] ? found : here[x];
    }
    return changed;
}

/* Carries distances along a row; whether any got shorter. */
static int carried(const Plane *plane, ptrdiff_t row, int32_t from, int32_t step)
{
    int changed = 0;
    for (int32_t k = 1, x = from + step; k < plane->width; k++, x += step) {
        ptrdiff_t at = row + x;
        float price = (plane->cost[at] + plane->cost[at - step]) / 2;
        float found = plane->distance[at - step] + price;
        if (found < plane->distance[at]) {
            plane->distance[at] = found;
            changed = 1;
        }
    }
    return changed;
}

/* One scan, downwards or upwards; whether any distance got shorter. */
static int scanned(const Plane *plane, int upwards)
{
    int changed = 0;
    ptrdiff_t width = plane->width, before = upwards ? width : -width;
    for (int32_t scan = 0; scan < plane->height; scan++) {
        ptrdiff_t row = (upwards ? plane->height - 1 - scan : scan) * width;
        for (int k = 0; k < MOVES; k++)
            if (scan >= moves[k].down)
                changed |= shortened(plane, row, before, moves + k);
        changed |= carried(plane, row, 0, 1);
        changed |= carried(plane, row, plane->width - 1, -1);
    }
    return changed;
}

void windstill_geodesic(const float *cost, float *distance, int32_t height, int32_t width,
                        int32_t rounds)
{
    Plane plane = {cost, distance, height, width};
    for (int32_t k = 0; k < rounds; k++) {
        int changed = scanned(&plane, 0);
        changed |= scanned(&plane, 1);
        if (!changed)
            return;
    }
}
