/* What the two streams of copies show at one moment; streams.py and turning.py say what for. */

#include <stddef.h>
#include <stdint.h>

#define STREAMS 2
/* Weights are counted in 1/128. */
#define WEIGHT_ONE 128.0f
/* No blend is raised as if it kept less of its variance than this. */
#define LEAST_KEPT 1e-3f
/* A copy of the photo's own place is sharp; once it has moved by this part of a period it is read
   between samples, like all others. */
#define MOVED 20.0f

/* One value for each cell of the lattice, or two (x, y) for positions. */
typedef struct {
    int32_t cells, periods;
    const float *offsets, *fade;
    const float *early, *late, *both;
    float floor, largest_gain;
    const float *base, *first, *second, *third;
    const float *wander; /* for each copy */
    const uint8_t *wanted; /* which cells are looked at: others keep what they have */
} Turning;

typedef struct {
    float *origins;
    int16_t *shape, *detail, *fine;
} Stream;

typedef struct {
    float age, weight;
    int32_t copy;
} Shown;

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* Which copy one stream shows in a cell. now: of this stream, in [-1, 1). elapsed: periods. */
static Shown shown(const Turning *turning, int32_t cell, float now, float elapsed)
{
    float turn = now - turning->offsets[cell];
    turn += turn < -1.0f ? 2.0f : 0.0f;
    turn -= turn >= 1.0f ? 2.0f : 0.0f;
    float ramp = (0.5f - __builtin_fabsf(turn)) / turning->fade[cell] + 0.5f;
    ramp = smaller(larger(ramp, 0.0f), 1.0f);
    float age = turn + turning->offsets[cell];
    int32_t copy = (int32_t)__builtin_rintf(elapsed - age) % turning->periods;
    copy += copy < 0 ? turning->periods : 0;
    Shown found = {age, ramp * ramp * (3.0f - 2.0f * ramp), copy};
    return found;
}

/* The factor on the detail of a blend that keeps its local variance. */
static float gain(const Turning *turning, int32_t cell, float early, float late)
{
    float first = turning->early[cell], second = turning->late[cell];
    float kept = early * first + late * second + turning->floor;
    float blended = early * early * first + late * late * second;
    blended = blended + 2.0f * early * late * turning->both[cell] + turning->floor;
    float ratio = __builtin_sqrtf(kept / larger(blended, LEAST_KEPT * kept));
    return smaller(larger(ratio, 1.0f), turning->largest_gain);
}

static int16_t counted(float weight)
{
    return (int16_t)__builtin_rintf(weight * WEIGHT_ONE);
}

/* Where the copy of a cell is read, its drift's cubic at this age. */
static void placed(const Turning *turning, int32_t cell, const Shown *here, float *origins)
{
    const float *wander = turning->wander + 2 * (ptrdiff_t)here->copy * turning->cells;
    for (int32_t k = 2 * cell; k < 2 * cell + 2; k++) {
        float moved = turning->third[k] * here->age + turning->second[k];
        moved = (moved * here->age + turning->first[k]) * here->age;
        origins[k] = turning->base[k] - moved - wander[k];
    }
}

/* Fills both streams; whether the first (1), the second (2) or both (3) are seen anywhere. */
int32_t windstill_turn(const Turning *turning, float even, float odd, float elapsed,
                       float crispness, const Stream streams[STREAMS])
{
    int32_t seen = 0;
    for (int32_t cell = 0; cell < turning->cells; cell++) {
        if (!turning->wanted[cell])
            continue;
        Shown both[STREAMS] = {
            shown(turning, cell, even, elapsed),
            shown(turning, cell, odd, elapsed),
        };
        /* The older copy of a place is the early one. */
        float early = both[both[0].age > both[1].age ? 0 : 1].weight, late = 1.0f - early;
        float coarse = gain(turning, cell, early, late);
        float fine = 1.0f / __builtin_sqrtf(early * early + late * late);
        for (int k = 0; k < STREAMS; k++) {
            const Shown *here = both + k;
            float moved = here->copy ? 1.0f : smaller(__builtin_fabsf(here->age) * MOVED, 1.0f);
            float sharper = here->weight * (1.0f + crispness * moved);
            seen |= (here->weight != 0) << k;
            streams[k].shape[cell] = counted(here->weight);
            streams[k].detail[cell] = counted(sharper * coarse);
            streams[k].fine[cell] = counted(sharper * fine);
            placed(turning, cell, here, streams[k].origins);
        }
    }
    return seen;
}
