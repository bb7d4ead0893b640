/* All poses of hair in a loop, each a weighted sum of coarse maps, and what is extreme in them. */

#include <stddef.h>
#include <stdint.h>

/* So many poses are worked out at once, and so many values of each. */
#define GROUP 4
#define WIDTH 8

typedef float floats8 __attribute__((vector_size(32), aligned(4)));

/* (tones, rows, columns, 2): a displacement for each cell. */
typedef struct {
    int32_t tones, rows, columns;
    const float *basis;
    float *found; /* to work in: (GROUP, rows, columns, 2) */
} Poses;

static const float *pose_of(const Poses *poses, int32_t number)
{
    return poses->found + (ptrdiff_t)number * 2 * poses->rows * poses->columns;
}

/* One value of each of `count` poses. */
static void find_value(const Poses *poses, const float *weights, int32_t count, int32_t at)
{
    int32_t length = 2 * poses->rows * poses->columns;
    for (int32_t pose = 0; pose < count; pose++) {
        float sum = 0;
        for (int32_t tone = 0; tone < poses->tones; tone++)
            sum += weights[pose * poses->tones + tone] * poses->basis[(ptrdiff_t)tone * length + at];
        poses->found[(ptrdiff_t)pose * length + at] = sum;
    }
}

/* Fills up to GROUP poses: the maps are read once for all of them. */
static void find_poses(const Poses *poses, const float *weights, int32_t count)
{
    int32_t length = 2 * poses->rows * poses->columns, at = 0;
    for (; count == GROUP && at + WIDTH <= length; at += WIDTH) {
        floats8 sums[GROUP] = {{0}};
        for (int32_t tone = 0; tone < poses->tones; tone++) {
            floats8 values;
            __builtin_memcpy(&values, poses->basis + (ptrdiff_t)tone * length + at, sizeof values);
            for (int pose = 0; pose < GROUP; pose++)
                sums[pose] += weights[pose * poses->tones + tone] * values;
        }
        for (int pose = 0; pose < GROUP; pose++)
            __builtin_memcpy(poses->found + (ptrdiff_t)pose * length + at, sums + pose,
                             sizeof sums[pose]);
    }
    for (; at < length; at++)
        find_value(poses, weights, count, at);
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Raises `most`, (rows, columns), to the squared lengths of the pose. */
static void raise_to_lengths(const Poses *poses, const float *restrict pose, float *restrict most)
{
    for (int32_t cell = 0; cell < poses->rows * poses->columns; cell++) {
        float x = pose[2 * cell], y = pose[2 * cell + 1];
        most[cell] = larger(most[cell], x * x + y * y);
    }
}

/* Likewise to the squared norms of its differences to the right and downwards, none at the ends. */
static void raise_to_steepness(const Poses *poses, const float *restrict pose,
                               float *restrict most)
{
    int32_t columns = poses->columns;
    for (int32_t row = 0; row < poses->rows; row++) {
        const float *restrict here = pose + 2 * (ptrdiff_t)row * columns;
        const float *restrict below = row + 1 < poses->rows ? here + 2 * columns : here;
        float *restrict out = most + (ptrdiff_t)row * columns;
        for (int32_t k = 0; k < columns; k++) {
            float down_x = below[2 * k] - here[2 * k], down_y = below[2 * k + 1] - here[2 * k + 1];
            float found = down_x * down_x + down_y * down_y;
            if (k + 1 < columns) {
                float x = here[2 * k + 2] - here[2 * k], y = here[2 * k + 3] - here[2 * k + 1];
                found += x * x + y * y;
            }
            out[k] = larger(out[k], found);
        }
    }
}

/* Over `count` poses, the largest squared length and steepness of each cell, either of which may
   be NULL. weights: (count, tones). Both are given as 0. */
void windstill_extremes(const Poses *poses, const float *weights, int32_t count, float *longest,
                        float *steepest)
{
    for (int32_t first = 0; first < count; first += GROUP) {
        int32_t here = smaller(GROUP, count - first);
        find_poses(poses, weights + (ptrdiff_t)first * poses->tones, here);
        for (int32_t k = 0; k < here; k++) {
            if (longest)
                raise_to_lengths(poses, pose_of(poses, k), longest);
            if (steepest)
                raise_to_steepness(poses, pose_of(poses, k), steepest);
        }
    }
}

static double sum_of_lengths(const Poses *poses, const float *pose, const uint8_t *wanted)
{
    double sum = 0;
    for (int32_t cell = 0; cell < poses->rows * poses->columns; cell++) {
        float x = pose[2 * cell], y = pose[2 * cell + 1];
        float length = __builtin_sqrtf(x * x + y * y);
        sum += wanted[cell] ? length : 0.0f;
    }
    return sum;
}

/* The sum of the lengths, over `count` poses, of the cells that are not 0 in `wanted`. */
double windstill_sum_of_lengths(const Poses *poses, const float *weights, int32_t count,
                                const uint8_t *wanted)
{
    double sum = 0;
    for (int32_t first = 0; first < count; first += GROUP) {
        int32_t here = smaller(GROUP, count - first);
        find_poses(poses, weights + (ptrdiff_t)first * poses->tones, here);
        for (int32_t k = 0; k < here; k++)
            sum += sum_of_lengths(poses, pose_of(poses, k), wanted);
    }
    return sum;
}
