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

/* What strands bear at most: how much longer they get, bent, slid along each other, and bunched; and
   any hair, where no direction prevails and at the very most. */
#define LONGER 0.25f
#define BENT 0.6f
#define SLID 0.6f
#define BUNCHED 0.38f
#define LOOSE 0.45f
#define HARD 0.8f

static float magnitude(float value)
{
    return __builtin_fabsf(value);
}

/* Raises `most`, (rows, columns), to how many times more than strands bear the pose does to them.
   strands: (rows, columns, 3), a unit vector along them, and how far all are parallel, 0 to 1.
   scale: of differences between cells, to those of pixels. */
static void raise_to_strain(const Poses *poses, const float *restrict pose,
                            const float *restrict strands, float scale, float *restrict most)
{
    int32_t columns = poses->columns;
    for (int32_t row = 0; row + 1 < poses->rows; row++) {
        const float *restrict here = pose + 2 * (ptrdiff_t)row * columns;
        const float *restrict below = here + 2 * (ptrdiff_t)columns;
        const float *restrict strand = strands + 3 * (ptrdiff_t)row * columns;
        float *restrict out = most + (ptrdiff_t)row * columns;
        for (int32_t k = 0; k + 1 < columns; k++) {
            float xx = scale * (here[2 * k + 2] - here[2 * k]);
            float yx = scale * (here[2 * k + 3] - here[2 * k + 1]);
            float xy = scale * (below[2 * k] - here[2 * k]);
            float yy = scale * (below[2 * k + 1] - here[2 * k + 1]);
            float x = strand[3 * k], y = strand[3 * k + 1], parallel = strand[3 * k + 2];
            float along_x = xx * x + xy * y, along_y = yx * x + yy * y;
            float across_x = xy * x - xx * y, across_y = yy * x - yx * y;
            float longer = magnitude(along_x * x + along_y * y) * (1 / LONGER);
            float bent = magnitude(along_y * x - along_x * y) * (1 / BENT);
            float slid = magnitude(across_x * x + across_y * y) * (1 / SLID);
            float bunched = magnitude(across_y * x - across_x * y) * (1 / BUNCHED);
            float norm = __builtin_sqrtf(xx * xx + xy * xy + yx * yx + yy * yy);
            float own = larger(larger(longer, bent), larger(slid, bunched));
            float found = parallel * own + (1 - parallel) * (norm * (1 / LOOSE));
            out[k] = larger(out[k], larger(found, norm * (1 / HARD)));
        }
    }
}

/* Over `count` poses, the largest strain of each cell; `raise_to_strain` says what that is. Given
   as 0. */
void windstill_strain(const Poses *poses, const float *weights, int32_t count,
                      const float *strands, float scale, float *strain)
{
    for (int32_t first = 0; first < count; first += GROUP) {
        int32_t here = smaller(GROUP, count - first);
        find_poses(poses, weights + (ptrdiff_t)first * poses->tones, here);
        for (int32_t k = 0; k < here; k++)
            raise_to_strain(poses, pose_of(poses, k), strands, scale, strain);
    }
}

/* Over `count` poses, the largest squared length of each cell. Given as 0. */
void windstill_longest(const Poses *poses, const float *weights, int32_t count, float *longest)
{
    for (int32_t first = 0; first < count; first += GROUP) {
        int32_t here = smaller(GROUP, count - first);
        find_poses(poses, weights + (ptrdiff_t)first * poses->tones, here);
        for (int32_t k = 0; k < here; k++)
            raise_to_lengths(poses, pose_of(poses, k), longest);
    }
}
