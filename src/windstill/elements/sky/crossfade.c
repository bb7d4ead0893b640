/* Which copies of the sky each place shows at one moment; crossfade.py says what for. */

#include <stddef.h>
#include <stdint.h>

#define STREAMS 2
/* Nodes for each cell of the lattice, along an axis. */
#define NODES 2
/* Dilations of the clouds' shape, by 0, 1, 2 ... steps. */
#define LEVELS 8
/* Weights are counted in 1/128. */
#define WEIGHT_ONE 128.0f
/* No blend is raised as if it kept less of its variance than this. */
#define LEAST_KEPT 1e-3f
/* A copy of the photo's own place is sharp; once it has moved by this part of a period it is read
   between samples, like all others. */
#define MOVED 20.0f
/* At its first and last steps a change is a plain fade: the dilations do not quite reach. */
#define ENDS 16.0f

typedef float floats8 __attribute__((vector_size(32), aligned(4)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));

/* Values for each cell of the lattice, two (x, y) for positions; or for each node, which lie on the
   cells and half-way between them. */
typedef struct {
    int32_t rows, columns; /* of the lattice */
    int32_t periods;
    const float *offsets, *base, *first, *second, *third; /* cells */
    const float *node_offsets, *fade;                     /* nodes, as all below */
    const float *early, *late, *both;
    const float *roughness; /* periods of the change, added to how far it has come */
    const uint8_t *wanted;  /* which nodes are looked at: others keep what they have */
    float floor, largest_gain;
    const uint8_t *dilations; /* (dilated_rows, dilated_columns, LEVELS) */
    int32_t dilated_rows, dilated_columns;
    float dilated_scale; /* samples for a luma pixel */
    float reach;         /* steps of dilation over which a change erodes and grows */
    float eagerness;     /* what goes is gone, and what comes begins, by so much before the end */
    float faint, hard;   /* squared units of the dilations: copies no less alike fade plainly, and
                            of copies as unlike the front is a hard one */
    float contrast;      /* by how much the front of a hard one is sharpened */
} Crossfade;

typedef struct {
    float *origins;                /* cells */
    int16_t *shape, *detail, *fine; /* nodes */
} Stream;

static float larger(float a, float b) { return a > b ? a : b; }

static float smaller(float a, float b) { return a < b ? a : b; }

static float clipped(float value) { return smaller(larger(value, 0.0f), 1.0f); }

static int32_t between(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Periods since a stream's copy was half-way through its turn at a place, in [-1, 1). */
static float turn_of(float now, float offset)
{
    float turn = now - offset;
    turn += turn < -1.0f ? 2.0f : 0.0f;
    turn -= turn >= 1.0f ? 2.0f : 0.0f;
    return turn;
}

/* Where the copies of each cell are read: the drift's cubic at their ages. */
static void place(const Crossfade *sky, const float now[STREAMS], const Stream streams[STREAMS])
{
    for (int32_t cell = 0; cell < sky->rows * sky->columns; cell++)
        for (int k = 0; k < STREAMS; k++) {
            float age = turn_of(now[k], sky->offsets[cell]) + sky->offsets[cell];
            for (int32_t at = 2 * cell; at < 2 * cell + 2; at++) {
                float moved = sky->third[at] * age + sky->second[at];
                moved = (moved * age + sky->first[at]) * age;
                streams[k].origins[at] = sky->base[at] - moved;
            }
        }
}

static floats8 eight(const uint8_t *from)
{
    bytes8 found;
    __builtin_memcpy(&found, from, sizeof found);
    return __builtin_convertvector(found, floats8);
}

/* All dilations at a place, luma pixels, of the copy that is read there. */
static floats8 dilations_at(const Crossfade *sky, float x, float y)
{
    x = (x + 0.5f) * sky->dilated_scale - 0.5f;
    y = (y + 0.5f) * sky->dilated_scale - 0.5f;
    x = smaller(larger(x, 0.0f), (float)(sky->dilated_columns - 1));
    y = smaller(larger(y, 0.0f), (float)(sky->dilated_rows - 1));
    int32_t left = between((int32_t)x, 0, sky->dilated_columns - 2);
    int32_t top = between((int32_t)y, 0, sky->dilated_rows - 2);
    float across = x - (float)left, down = y - (float)top;
    const uint8_t *above = sky->dilations + ((ptrdiff_t)top * sky->dilated_columns + left) * LEVELS;
    const uint8_t *below = above + (ptrdiff_t)sky->dilated_columns * LEVELS;
    floats8 upper = eight(above), lower = eight(below);
    upper += (eight(above + LEVELS) - upper) * across;
    lower += (eight(below + LEVELS) - lower) * across;
    return upper + (lower - upper) * down;
}

/* What a stream reads at a node, from the cells around it. */
static floats8 dilations_of(const Crossfade *sky, const Stream *stream, int32_t row, int32_t column)
{
    int32_t top = row / NODES, left = column / NODES;
    int32_t bottom = top + row % NODES, right = left + column % NODES;
    const float *origins = stream->origins;
    float x = 0, y = 0;
    const int32_t cells[4] = {
        top * sky->columns + left,
        top * sky->columns + right,
        bottom * sky->columns + left,
        bottom * sky->columns + right,
    };
    for (int k = 0; k < 4; k++) {
        x += origins[2 * cells[k]];
        y += origins[2 * cells[k] + 1];
    }
    return dilations_at(sky, 0.25f * x, 0.25f * y);
}

static float dilated_by(const float dilations[LEVELS], float steps)
{
    steps = smaller(larger(steps, 0.0f), (float)(LEVELS - 1));
    int32_t low = between((int32_t)steps, 0, LEVELS - 2);
    return dilations[low] + (dilations[low + 1] - dilations[low]) * (steps - (float)low);
}

/* How much of the later copy a node shows when the change has come so far, 0 to 1.

   Of what only the early copy has, what is farthest from the late one's goes first; of what only
   the late one has, what is nearest to the early one's comes first, at all levels of brightness:

       shown = max(min(early, dilate(late, r)), min(late, dilate(early, r')))

   with r falling and r' rising. Where the copies are alike they fade. */
static float share_of_late(const Crossfade *sky, floats8 early_levels, floats8 late_levels,
                           float come, float roughness)
{
    float early[LEVELS], late[LEVELS];
    __builtin_memcpy(early, &early_levels, sizeof early);
    __builtin_memcpy(late, &late_levels, sizeof late);
    float middle = come * (1.0f - come);
    float plain = come * come * (3.0f - 2.0f * come);
    float rough = clipped(come + middle * roughness);
    float kept = dilated_by(late, sky->reach * (1.0f - sky->eagerness * rough));
    float grown = dilated_by(early, sky->reach * (1.0f - sky->eagerness * (1.0f - rough)));
    float shown = larger(smaller(early[0], kept), smaller(late[0], grown));
    float apart = late[0] - early[0];
    float square = apart * apart;
    float share = (apart * (shown - early[0]) + sky->faint * plain) / (square + sky->faint);
    /* The front of a hard-edged cloud is as hard, as far as a plane of dilations can tell. */
    share = 0.5f + (share - 0.5f) * (1.0f + sky->contrast * square / (square + sky->hard));
    return clipped(plain + (share - plain) * smaller(ENDS * middle, 1.0f));
}

/* The factor on the detail of a blend that keeps its local variance. */
static float gain(const Crossfade *sky, int32_t node, float early, float late)
{
    float first = sky->early[node], second = sky->late[node];
    float kept = early * first + late * second + sky->floor;
    float blended = early * early * first + late * late * second;
    blended = blended + 2.0f * early * late * sky->both[node] + sky->floor;
    float ratio = __builtin_sqrtf(kept / larger(blended, LEAST_KEPT * kept));
    return smaller(larger(ratio, 1.0f), sky->largest_gain);
}

static int16_t counted(float weight) { return (int16_t)__builtin_rintf(weight * WEIGHT_ONE); }

/* Fills both streams; whether the first (1), the second (2) or both (3) are seen anywhere. */
int32_t windstill_crossfade(const Crossfade *sky, float even, float odd, float elapsed,
                            float crispness, const Stream streams[STREAMS])
{
    const float now[STREAMS] = {even, odd};
    int32_t columns = NODES * (sky->columns - 1) + 1, rows = NODES * (sky->rows - 1) + 1;
    int32_t seen = 0;
    place(sky, now, streams);
    for (int32_t row = 0; row < rows; row++)
        for (int32_t column = 0; column < columns; column++) {
            int32_t node = row * columns + column;
            if (!sky->wanted[node])
                continue;
            float offset = sky->node_offsets[node];
            float turns[STREAMS] = {turn_of(even, offset), turn_of(odd, offset)};
            int older = turns[0] > turns[1] ? 0 : 1;
            float come = clipped((turns[older] - 0.5f) / sky->fade[node] + 0.5f);
            float late = come;
            if (come > 0.0f && come < 1.0f)
                late = share_of_late(sky, dilations_of(sky, streams + older, row, column),
                                     dilations_of(sky, streams + 1 - older, row, column), come,
                                     sky->roughness[node]);
            float early = 1.0f - late;
            float coarse = gain(sky, node, early, late);
            float fine = 1.0f / __builtin_sqrtf(early * early + late * late);
            for (int k = 0; k < STREAMS; k++) {
                float weight = k == older ? early : late, age = turns[k] + offset;
                int32_t copy = (int32_t)__builtin_rintf(elapsed - age) % sky->periods;
                float moved = copy ? 1.0f : smaller(__builtin_fabsf(age) * MOVED, 1.0f);
                float sharper = weight * (1.0f + crispness * moved);
                seen |= (weight != 0) << k;
                streams[k].shape[node] = counted(weight);
                streams[k].detail[node] = counted(sharper * coarse);
                streams[k].fine[node] = counted(sharper * fine);
            }
        }
    return seen;
}
