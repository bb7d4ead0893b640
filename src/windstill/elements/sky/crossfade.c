/* Which copies of the sky each place shows at one moment; crossfade.py says what for. */

#include "../../imaging/words.h"

#define STREAMS 2
/* Nodes for each cell of the lattice, along an axis. */
#define NODES 2
/* Dilations of the cloud cover, by 0, 1, 2 ... steps. */
#define LEVELS 8
/* Places between samples are counted in 1/64 across, and down as shares that `scaled` takes. */
#define SAMPLE_ONE 64
#define WORD_ONE 32767.0f
/* Weights are counted in 1/128. */
#define WEIGHT_ONE 128.0f
/* No blend is raised as if it kept less of its variance than this. */
#define LEAST_KEPT 1e-3f
/* A copy of the photo's own place is sharp; once it has moved by this part of a period it is read
   between samples, like all others. */
#define MOVED 20.0f
/* At its first and last steps a change is a plain fade: the dilations do not quite reach. */
#define ENDS 16.0f

/* Values for each cell of the lattice, two (x, y) for positions; or for each node, which lie on the
   cells and half-way between them. */
typedef struct {
    int32_t rows, columns; /* of the lattice */
    int32_t periods;
    const float *offsets, *base, *first, *second, *third; /* cells */
    float fade;                                           /* periods that a change takes */
    const float *node_offsets;                            /* nodes, as all below */
    const float *early, *late, *both;
    const float *roughness; /* periods of the change, added to how far it has come */
    const uint8_t *wanted;  /* which nodes are looked at: others keep what they have */
    float floor, largest_gain;
    const uint8_t *dilations; /* (dilated_rows, dilated_columns, LEVELS) */
    int32_t dilated_rows, dilated_columns;
    float dilated_scale; /* samples for a luma pixel */
    float reach;         /* steps of dilation over which a change erodes and grows */
    float eagerness;     /* what goes is gone, and what comes begins, by so much before the end */
    float faint, hard;   /* squared 1/64 units of the dilations: copies no less alike fade plainly,
                            and of copies as unlike the front is a hard one */
    float contrast;      /* by how much the front of a hard one is sharpened */
    float *work;         /* ROWS rows of nodes, and two planes of them, to work in */
} Crossfade;

/* A row of nodes at one moment: which stream is the older, 1 for the even one; how far the change
   has come, 0 to 1; the cover of the copy that goes and of that which comes, and what is dilated of
   each as far as it may be seen, 1/64 units; how much of the later copy is seen. */
typedef struct {
    float *even_is_older, *come, *early, *late, *kept, *grown, *share;
} Row;
#define ROWS 7

typedef struct {
    float *origins;                /* cells */
    int16_t *shape, *detail, *fine; /* nodes */
} Stream;

static INLINE float larger_of(float a, float b) { return a > b ? a : b; }

static INLINE float smaller_of(float a, float b) { return a < b ? a : b; }

static INLINE float clipped(float value) { return smaller_of(larger_of(value, 0.0f), 1.0f); }

/* Periods since a stream's copy was half-way through its turn at a place, in [-1, 1). */
static INLINE float turn_of(float now, float offset)
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
                float way = sky->third[at] * age + sky->second[at];
                way = (way * age + sky->first[at]) * age;
                streams[k].origins[at] = sky->base[at] - way;
            }
        }
}

/* All dilations at a place, luma pixels, of the copy that is read there; 1/64 of their units. */
static INLINE words8 dilations_at(const Crossfade *sky, float x, float y)
{
    x = (x + 0.5f) * sky->dilated_scale - 0.5f;
    y = (y + 0.5f) * sky->dilated_scale - 0.5f;
    x = smaller_of(larger_of(x, 0.0f), (float)(sky->dilated_columns - 1));
    y = smaller_of(larger_of(y, 0.0f), (float)(sky->dilated_rows - 1));
    int32_t left = smaller((int32_t)x, sky->dilated_columns - 2);
    int32_t top = smaller((int32_t)y, sky->dilated_rows - 2);
    int16_t across = (int16_t)((x - (float)left) * SAMPLE_ONE);
    int16_t down = (int16_t)((y - (float)top) * WORD_ONE);
    const uint8_t *above = sky->dilations + ((ptrdiff_t)top * sky->dilated_columns + left) * LEVELS;
    const uint8_t *below = above + (ptrdiff_t)sky->dilated_columns * LEVELS;
    words8 upper = eight_of_bytes(above), lower = eight_of_bytes(below);
    upper = upper * SAMPLE_ONE + (eight_of_bytes(above + LEVELS) - upper) * across;
    lower = lower * SAMPLE_ONE + (eight_of_bytes(below + LEVELS) - lower) * across;
    words8 shares = {down, down, down, down, down, down, down, down};
    return upper + scaled(lower - upper, shares);
}

/* What a stream reads at a node, from the cells around it. */
static INLINE words8 dilations_of(const Crossfade *sky, const Stream *stream, int32_t row,
                                  int32_t column)
{
    int32_t top = row / NODES, left = column / NODES;
    ptrdiff_t cell = (ptrdiff_t)top * sky->columns + left, right = column % NODES;
    ptrdiff_t bottom = row % NODES * sky->columns;
    const float *a = stream->origins + 2 * cell, *b = a + 2 * right;
    const float *c = a + 2 * bottom, *d = b + 2 * bottom;
    return dilations_at(sky, 0.25f * (a[0] + b[0] + c[0] + d[0]),
                        0.25f * (a[1] + b[1] + c[1] + d[1]));
}

static INLINE float dilated_by(const int16_t dilations[LEVELS], float steps)
{
    steps = smaller_of(larger_of(steps, 0.0f), (float)(LEVELS - 1));
    int32_t low = smaller((int32_t)steps, LEVELS - 2);
    float below = dilations[low];
    return below + ((float)dilations[low + 1] - below) * (steps - (float)low);
}

/* When the changes of a row of nodes are, the first of which is `node`. */
static void find_changes(const Crossfade *sky, float even, float odd, ptrdiff_t node, int32_t count,
                         const Row *row)
{
    const float *restrict offsets = sky->node_offsets + node;
    float *restrict even_is_older = row->even_is_older, *restrict come = row->come;
    for (int32_t k = 0; k < count; k++) {
        float first = turn_of(even, offsets[k]), second = turn_of(odd, offsets[k]);
        even_is_older[k] = first > second ? 1.0f : 0.0f;
        come[k] = clipped((larger_of(first, second) - 0.5f) / sky->fade + 0.5f);
    }
}

/* Reads the cover of both copies where a row of nodes is changing. */
static void find_covers(const Crossfade *sky, const Stream streams[STREAMS], ptrdiff_t node,
                        int32_t from_top, int32_t count, const Row *row)
{
    for (int32_t k = 0; k < count; k++) {
        float come = row->come[k];
        row->early[k] = row->late[k] = row->kept[k] = row->grown[k] = 0.0f;
        if (!sky->wanted[node + k] || come <= 0.0f || come >= 1.0f)
            continue;
        const Stream *older = streams + (row->even_is_older[k] > 0.0f ? 0 : 1);
        const Stream *younger = streams + (row->even_is_older[k] > 0.0f ? 1 : 0);
        int16_t early[LEVELS], late[LEVELS];
        words8 found = dilations_of(sky, older, from_top, k);
        __builtin_memcpy(early, &found, sizeof early);
        found = dilations_of(sky, younger, from_top, k);
        __builtin_memcpy(late, &found, sizeof late);
        float rough = clipped(come + come * (1.0f - come) * sky->roughness[node + k]);
        row->early[k] = early[0];
        row->late[k] = late[0];
        row->kept[k] = dilated_by(late, sky->reach * (1.0f - sky->eagerness * rough));
        row->grown[k] = dilated_by(early, sky->reach * (1.0f - sky->eagerness * (1.0f - rough)));
    }
}

/* Of what only the early copy covers, what is farthest from the late one's goes first; of what only
   the late one covers, what is nearest to the early one's comes first, at all levels of cover:

       shown = max(min(early, dilate(late, r)), min(late, dilate(early, r')))

   with r falling and r' rising. How much of the later copy that shows is (shown - early) / (late -
   early); each node counts by the square of what it divides by. */
static void weigh_covers(int32_t count, const Row *row, float *restrict sums,
                         float *restrict squares)
{
    const float *restrict early = row->early, *restrict late = row->late;
    const float *restrict kept = row->kept, *restrict grown = row->grown;
    for (int32_t k = 0; k < count; k++) {
        float shown = larger_of(smaller_of(early[k], kept[k]), smaller_of(late[k], grown[k]));
        float apart = late[k] - early[k];
        sums[k] = apart * (shown - early[k]);
        squares[k] = apart * apart;
    }
}

/* Blurs `count` numbers, `step` apart, in place: 1 2 3 2 1, what is beyond an end being like it. */
static void blur_line(float *line, int32_t count, ptrdiff_t step)
{
    float a = line[0], b = a, c = a, d = line[step * smaller(1, count - 1)];
    for (int32_t k = 0; k < count; k++) {
        float e = line[step * smaller(k + 2, count - 1)];
        line[step * k] = (a + e + 2.0f * (b + d) + 3.0f * c) / 9.0f;
        a = b, b = c, c = d, d = e;
    }
}

/* Blurs what `weigh_covers` tells of all nodes, so that the faint rim of a cloud goes with it. */
static void blur_covers(float *sums, float *squares, int32_t rows, int32_t count)
{
    for (int32_t row = 0; row < rows; row++) {
        blur_line(sums + (ptrdiff_t)row * count, count, 1);
        blur_line(squares + (ptrdiff_t)row * count, count, 1);
    }
    for (int32_t column = 0; column < count; column++) {
        blur_line(sums + column, rows, count);
        blur_line(squares + column, rows, count);
    }
}

/* How much of the later copy a row of nodes shows. sums, squares: blurred. */
static void find_shares(const Crossfade *sky, int32_t count, const Row *row,
                        const float *restrict sums, const float *restrict squares)
{
    const float *restrict changes = row->come;
    float *restrict shares = row->share;
    float faint = sky->faint, hard = sky->hard, contrast = sky->contrast;
    for (int32_t k = 0; k < count; k++) {
        float come = changes[k], plain = come * come * (3.0f - 2.0f * come);
        float share = (sums[k] + faint * plain) / (squares[k] + faint);
        /* The front of a hard-edged cloud is as hard, as far as a plane of dilations can tell. */
        share = 0.5f + (share - 0.5f) * (1.0f + contrast * squares[k] / (squares[k] + hard));
        float inner = smaller_of(ENDS * come * (1.0f - come), 1.0f);
        shares[k] = clipped(plain + (share - plain) * inner);
    }
}

/* How much of a copy of an age is read between samples: all but the photo in its own place. */
static INLINE float moved(float periods, float elapsed, float age)
{
    float copy = __builtin_rintf(elapsed - age);
    float others = copy - periods * __builtin_rintf(copy / periods);
    float away = smaller_of(__builtin_fabsf(age) * MOVED, 1.0f);
    return others != 0.0f ? 1.0f : away;
}

static INLINE int16_t counted(float weight)
{
    return (int16_t)(int32_t)__builtin_rintf(weight * WEIGHT_ONE);
}

/* The weights of one stream at a row of nodes; not 0 if it is seen at any. */
static int16_t weigh(const Crossfade *sky, const Stream *stream, int is_even, float now,
                   float elapsed, float crispness, ptrdiff_t node, int32_t count, const Row *row)
{
    const float *restrict offsets = sky->node_offsets + node, *restrict shares = row->share;
    const float *restrict first = sky->early + node, *restrict second = sky->late + node;
    const float *restrict both = sky->both + node, *restrict even_is_older = row->even_is_older;
    const uint8_t *restrict wanted = sky->wanted + node;
    int16_t *restrict shape = stream->shape + node, *restrict detail = stream->detail + node;
    int16_t *restrict fine = stream->fine + node;
    float periods = (float)sky->periods, floor = sky->floor, most = sky->largest_gain;
    int16_t seen = 0;
    for (int32_t k = 0; k < count; k++) {
        float late = shares[k], early = 1.0f - late;
        float is_older = is_even ? even_is_older[k] : 1.0f - even_is_older[k];
        float weight = (is_older > 0.0f ? early : late) * (float)wanted[k];
        /* The factors on detail that keep the local variance of a blend. */
        float kept = early * first[k] + late * second[k] + floor;
        float blended = early * early * first[k] + late * late * second[k];
        blended = blended + 2.0f * early * late * both[k] + floor;
        float coarse = __builtin_sqrtf(kept / larger_of(blended, LEAST_KEPT * kept));
        coarse = smaller_of(larger_of(coarse, 1.0f), most);
        float age = turn_of(now, offsets[k]) + offsets[k];
        float sharper = weight * (1.0f + crispness * moved(periods, elapsed, age));
        shape[k] = counted(weight);
        detail[k] = counted(sharper * coarse);
        fine[k] = counted(sharper / __builtin_sqrtf(early * early + late * late));
        seen |= shape[k];
    }
    return seen;
}

/* Fills both streams; whether the first (1), the second (2) or both (3) are seen anywhere.
   `wanted` is 0 or 1. */
int32_t windstill_crossfade(const Crossfade *sky, float even, float odd, float elapsed,
                            float crispness, const Stream streams[STREAMS])
{
    const float now[STREAMS] = {even, odd};
    int32_t count = NODES * (sky->columns - 1) + 1, rows = NODES * (sky->rows - 1) + 1;
    float *work = sky->work;
    Row row = {work, work + count, work + 2 * count, work + 3 * count, work + 4 * count,
               work + 5 * count, work + 6 * count};
    int32_t seen = 0;
    float *sums = work + ROWS * count, *squares = sums + (ptrdiff_t)rows * count;
    place(sky, now, streams);
    for (int32_t from_top = 0; from_top < rows; from_top++) {
        ptrdiff_t node = (ptrdiff_t)from_top * count;
        find_changes(sky, even, odd, node, count, &row);
        find_covers(sky, streams, node, from_top, count, &row);
        weigh_covers(count, &row, sums + node, squares + node);
    }
    blur_covers(sums, squares, rows, count);
    for (int32_t from_top = 0; from_top < rows; from_top++) {
        ptrdiff_t node = (ptrdiff_t)from_top * count;
        find_changes(sky, even, odd, node, count, &row);
        find_shares(sky, count, &row, sums + node, squares + node);
        for (int k = 0; k < STREAMS; k++)
            seen |= (weigh(sky, streams + k, k == 0, now[k], elapsed, crispness, node, count, &row)
                     != 0)
                    << k;
    }
    return seen;
}
