/* The sky at one moment: streams of bands, read at their origins, weighed, and added to a picture.

   The lattice has one rim of cells. Fields on it are interpolated linearly between the centres of
   cells, so the natural unit of work is the square between four centres: a patch, of 8 x 8 luma
   and 4 x 4 half-size pixels, that starts half a cell before the cell of its number. Patches in
   which no sky shows cost nothing. All sums are of integers, positions apart; these are computed
   without fused operations, so that every processor gives the same bytes.

   painting.py fills the structures, and sees to shapes and types. */

#include "../../imaging/mirror.h"
#include "../../imaging/words.h"

#define CELL 8
#define HALF (CELL / 2)
/* Nodes of weights for each cell, along an axis. */
#define NODES 2
/* Positions are counted in 2^-15 samples of a doubled band, of which sampling uses 2^-6. */
#define POSITION_BITS 15
#define POSITION_ONE 32768.0f
#define SAMPLE_BITS 6
#define SAMPLE_ONE (1 << SAMPLE_BITS)
/* The middle of a byte, as a sample. */
#define MIDDLE (128 << SAMPLE_BITS)
#define DITHER_ROWS 64
/* A matte of 128 of 256 parts. */
#define HALF_SKY 127
/* Finished differences are counted in 1/64 of a level. */
#define LEVEL_BITS 6

typedef int16_t words4 __attribute__((vector_size(8)));
typedef int32_t longs4 __attribute__((vector_size(16)));
typedef float floats4 __attribute__((vector_size(16), aligned(4)));
typedef int8_t signed8 __attribute__((vector_size(8)));

/* The least and the most by which samples may change, levels; the least and the most that a byte
   holds, and NULL, mean by anything. */
typedef struct {
    const int8_t *least, *most;
} Bounds;

/* What stays the same through a loop. All rows lie one after the other, without gaps. */
typedef struct {
    int32_t height, width;          /* of the luma, even */
    int32_t rows, columns;          /* of the lattice, with its rim */
    const uint8_t *coarse;          /* (height, width, 4): detail, U, V, shape; half size, doubled */
    const int16_t *rest_luma, *rest_u, *rest_v; /* (height / 2, width / 2), 1/32 level */
    floats4 units;                  /* of each channel: 2^3 a weight of 1/128, over units a level */
    const uint8_t *fine;            /* (2 height, 2 width), or NULL */
    const int8_t *fine_rest;        /* (height, width), units of the fine band */
    int32_t fine_bits;              /* of such a unit in 1/32 level */
    const float *fine_strength;     /* (rows, columns): how much of the detail moves */
    float fine_unit;                /* 2^2 a weight of 1/128, over the fine band's units a level */
    const uint8_t *luma_matte, *chroma_matte; /* 0, or 1 less than how many of 256 parts are sky */
    const int8_t *dither;           /* (DITHER_ROWS, width), again and again; 1/64 level */
    Bounds luma_bounds, u_bounds, v_bounds;
    const uint8_t *shown, *near;    /* patches in which there is sky, and those beside them too */
    int16_t *change;                /* to work in: luma's coarse change at half size, 1/32 level */
    int16_t *mixed;                 /* a row of sums, 16 for each patch */
    int16_t *luma;                  /* a row of changes, 1/64 level */
    uint8_t *busy, *outside;        /* cells with fine detail; cells read from beyond an edge */
} Sky;

/* A copy of the sky at one moment: where each cell comes from, luma pixels, and the weights, 1/128,
   at each node. Nodes lie on the cells and half-way between them.
   To work in: what it does in each patch, and positions and weights between two rows. */
typedef struct {
    const float *origins;
    const int16_t *shape, *detail, *fine;
    uint8_t *patches;
    int32_t *from;
    int16_t *weights;
} Stream;

/* What a stream does in a patch: moves the coarse band, the fine one, and reads beyond an edge. */
#define COARSE 1
#define FINE 2
#define AT_EDGE 4

typedef struct {
    int32_t x, y;
} Position;

/* The nearest that a word holds. */
static INLINE int16_t word(int32_t value)
{
    return (int16_t)smaller(larger(value, INT16_MIN), INT16_MAX);
}

static INLINE float between(float a, float b, float share) { return a + (b - a) * share; }

/* Positions mirrored once at both edges, in samples times SAMPLE_ONE; negative where once is not
   enough. The very last sample is read as nearly all of the one after the last but one. */
#define REFLECTED(LANES)                                                                           \
    static INLINE longs##LANES absolute##LANES(longs##LANES at)                                    \
    {                                                                                              \
        longs##LANES sign = at >> 31;                                                              \
        return (at ^ sign) - sign;                                                                 \
    }                                                                                              \
    static INLINE longs##LANES reflected##LANES(longs##LANES at, int32_t samples)                  \
    {                                                                                              \
        int32_t last = (samples - 1) << SAMPLE_BITS;                                               \
        longs##LANES found = last - absolute##LANES(last - absolute##LANES(at));                   \
        return found + (found == last);                                                            \
    }                                                                                              \
    /* Mirrors both, unless one is too far away for that, and says whether they are inside. */    \
    static INLINE int mirror##LANES(longs##LANES *x, longs##LANES *y, int32_t width,               \
                                    int32_t height)                                                \
    {                                                                                              \
        longs##LANES across = reflected##LANES(*x, width), down = reflected##LANES(*y, height);    \
        longs##LANES signs = across | down;                                                        \
        int32_t all = 0;                                                                           \
        for (int k = 0; k < LANES; k++)                                                            \
            all |= signs[k];                                                                       \
        if (all < 0)                                                                               \
            return 0;                                                                              \
        *x = across;                                                                               \
        *y = down;                                                                                 \
        return 1;                                                                                  \
    }
REFLECTED(4)
REFLECTED(8)

#define HALF_SAMPLE (1 << (POSITION_BITS - SAMPLE_BITS - 1))

/* ---- The coarse band: four channels at half size ---- */

/* Two rows by two columns of a doubled band, to one value for each channel in both halves:
   the left column's, then the right one's, blended downwards. */
static INLINE words8 blended_down(const uint8_t *top, const uint8_t *bottom, words8 share)
{
    bytes8 above, below;
    __builtin_memcpy(&above, top, 8);
    __builtin_memcpy(&below, bottom, 8);
    words8 a = __builtin_convertvector(above, words8), b = __builtin_convertvector(below, words8);
    return (a << SAMPLE_BITS) + (b - a) * share;
}

/* Likewise, of the doubled coarse band at any sample. */
static words8 mirrored_down(const Sky *sky, int32_t left, int32_t top, int16_t share)
{
    uint8_t rows[2][8];
    for (int row = 0; row < 2; row++)
        for (int column = 0; column < 2; column++) {
            ptrdiff_t from = (ptrdiff_t)mirrored(top + row, sky->height) * sky->width
                             + mirrored(left + column, sky->width);
            __builtin_memcpy(rows[row] + 4 * column, sky->coarse + from * 4, 4);
        }
    words8 shares = {share, share, share, share, share, share, share, share};
    return blended_down(rows[0], rows[1], shares);
}

/* Two pixels, four channels each, of which the left and the right columns are given: blended,
   and weighed. */
static INLINE words8 weighed(words8 one, words8 two, words8 shares, words8 weights)
{
    words8 left = __builtin_shufflevector(one, two, 0, 1, 2, 3, 8, 9, 10, 11);
    words8 right = __builtin_shufflevector(one, two, 4, 5, 6, 7, 12, 13, 14, 15);
    words8 found = left + scaled(right - left, shares);
    return scaled((found - MIDDLE) * 2, weights);
}

static INLINE void add_to(int16_t *sums, words8 terms)
{
    words8 total;
    __builtin_memcpy(&total, sums, sizeof total);
    total += terms;
    __builtin_memcpy(sums, &total, sizeof total);
}

/* Adds four pixels in a row, of one stream, to what is in `mixed`, four channels each. nodes: the
   weights of four channels at the three nodes around them. */
static INLINE void mix_four(const Sky *sky, Position at, Position step, const int16_t *nodes,
                            int near_edge, int16_t *mixed)
{
    const longs4 along = {0, 1, 2, 3};
    longs4 x = (at.x + HALF_SAMPLE + step.x * along) >> (POSITION_BITS - SAMPLE_BITS);
    longs4 y = (at.y + HALF_SAMPLE + step.y * along) >> (POSITION_BITS - SAMPLE_BITS);
    int far = near_edge && !mirror4(&x, &y, sky->width, sky->height);
    longs4 left = x >> SAMPLE_BITS, top = y >> SAMPLE_BITS;
    /* Their low halves, the even words, are the shares of the next column and row. */
    words8 beside = (words8)((x & (SAMPLE_ONE - 1)) << (15 - SAMPLE_BITS));
    words8 below = (words8)(y & (SAMPLE_ONE - 1));
    words8 columns[4];
    if (far) {
        for (int k = 0; k < 4; k++)
            columns[k] = mirrored_down(sky, left[k], top[k], below[2 * k]);
    } else {
        longs4 from = (top * sky->width + left) * 4;
        ptrdiff_t row = (ptrdiff_t)sky->width * 4;
        __builtin_prefetch(sky->coarse + from[0] + 512);
        __builtin_prefetch(sky->coarse + from[0] + row + 512);
#define COLUMNS(k)                                                                                 \
    blended_down(sky->coarse + from[k], sky->coarse + from[k] + row,                               \
                 __builtin_shufflevector(below, below, 2 * k, 2 * k, 2 * k, 2 * k, 2 * k, 2 * k,   \
                                         2 * k, 2 * k))
        columns[0] = COLUMNS(0);
        columns[1] = COLUMNS(1);
        columns[2] = COLUMNS(2);
        columns[3] = COLUMNS(3);
#undef COLUMNS
    }
    words4 first, middle, last;
    __builtin_memcpy(&first, nodes, sizeof first);
    __builtin_memcpy(&middle, nodes + 4, sizeof middle);
    __builtin_memcpy(&last, nodes + 8, sizeof last);
    const words8 early = {6, 6, 6, 6, 2, 2, 2, 2}, late = {2, 2, 2, 2, 6, 6, 6, 6};
    words8 start = __builtin_shufflevector(first, first, 0, 1, 2, 3, 0, 1, 2, 3);
    words8 centre = __builtin_shufflevector(middle, middle, 0, 1, 2, 3, 0, 1, 2, 3);
    words8 end = __builtin_shufflevector(last, last, 0, 1, 2, 3, 0, 1, 2, 3);
    words8 shares = __builtin_shufflevector(beside, beside, 0, 0, 0, 0, 2, 2, 2, 2);
    add_to(mixed, weighed(columns[0], columns[1], shares, start * early + centre * late));
    shares = __builtin_shufflevector(beside, beside, 4, 4, 4, 4, 6, 6, 6, 6);
    add_to(mixed + 8, weighed(columns[2], columns[3], shares, centre * early + end * late));
}

/* Between two rows of the lattice, `cell` being the first of the upper one: where the stream reads
   a doubled band, of `scale` samples for a luma pixel and `offset` samples on. */
static INLINE void find_positions(const Sky *sky, const Stream *stream, ptrdiff_t cell, float share,
                                  float scale, float offset)
{
    const float *restrict above = stream->origins + 2 * cell;
    const float *restrict below = above + 2 * (ptrdiff_t)sky->columns;
    int32_t *restrict from = stream->from;
    int32_t count = 2 * sky->columns;
    for (int32_t k = 0; k < count; k++)
        from[k] = (int32_t)((between(above[k], below[k], share) * scale + offset) * POSITION_ONE);
}

/* How many nodes lie in a row. */
static INLINE int32_t nodes_across(const Sky *sky) { return NODES * (sky->columns - 1) + 1; }

/* Of which row of nodes a row of `pixels` to a patch lies right below, and how far. */
static INLINE ptrdiff_t nodes_above(const Sky *sky, int32_t row, int32_t pixels, float *share)
{
    int32_t from_top = row + pixels / 2, each = pixels / NODES;
    *share = (float)(from_top % each * 2 + 1) / (float)(2 * each);
    return (ptrdiff_t)(from_top / each) * nodes_across(sky);
}

/* Between two rows of nodes, `node` being the first of the upper one: the weights of the coarse
   band's channels, in 2^-3 of what `weighed` takes. */
static INLINE void find_coarse_weights(const Sky *sky, const Stream *stream, ptrdiff_t node,
                                       float share)
{
    int32_t count = nodes_across(sky);
    const int16_t *shape = stream->shape + node, *detail = stream->detail + node;
    const int16_t *shape_below = shape + count, *detail_below = detail + count;
    floats4 units = sky->units;
    for (int32_t k = 0; k < count; k++) {
        float plain = between(shape[k], shape_below[k], share);
        floats4 weights = {between(detail[k], detail_below[k], share), plain, plain, plain};
        words4 found = __builtin_convertvector(weights * units + 0.5f, words4);
        __builtin_memcpy(stream->weights + 4 * k, &found, sizeof found);
    }
}

/* Whether any of a row of patches has a flag. */
static int any_flag(const uint8_t *patches, int32_t count, uint8_t flag)
{
    uint8_t found = 0;
    for (int32_t k = 0; k < count; k++)
        found |= patches[k];
    return found & flag;
}

/* The step from one sample to the next, `count` to a patch, and the place of the first. */
static INLINE Position first_and_step(const int32_t *from, int32_t count, Position *step)
{
    step->x = (from[2] - from[0]) / count;
    step->y = (from[3] - from[1]) / count;
    return (Position){from[0] + step->x / 2, from[1] + step->y / 2};
}

/* One stream's share of a row of patches, one pixel high, added to `mixed`. */
static void mix_row(const Sky *sky, const Stream *stream, int32_t row, int16_t *mixed)
{
    int32_t patch_row = (row + HALF / 2) / HALF, patches = sky->columns - 1;
    const uint8_t *flags = stream->patches + (ptrdiff_t)patch_row * patches;
    if (!any_flag(flags, patches, COARSE))
        return;
    float share = (float)((row + HALF / 2) % HALF * 2 + 1) / (2 * HALF);
    ptrdiff_t cell = (ptrdiff_t)patch_row * sky->columns;
    /* The doubled band's samples are half a luma pixel off. */
    find_positions(sky, stream, cell, share, 1, -0.5f);
    ptrdiff_t node = nodes_above(sky, row, HALF, &share);
    find_coarse_weights(sky, stream, node, share);
    for (int32_t patch = 0; patch < patches; patch++) {
        if (!(flags[patch] & COARSE))
            continue;
        Position step, from = first_and_step(stream->from + 2 * patch, HALF, &step);
        const int16_t *nodes = stream->weights + (ptrdiff_t)patch * NODES * 4;
        int16_t *here = mixed + (ptrdiff_t)patch * HALF * 4;
        if (flags[patch] & AT_EDGE)
            mix_four(sky, from, step, nodes, 1, here);
        else
            mix_four(sky, from, step, nodes, 0, here);
    }
}

/* ---- Adding a change to a plane ---- */

static INLINE words8 eight_of(const int8_t *from)
{
    signed8 found;
    __builtin_memcpy(&found, from, sizeof found);
    return __builtin_convertvector(found, words8);
}

/* Adds what eight pixels change by, in 1/64 level. */
static INLINE void add_eight(uint8_t *pixels, const int16_t *change, const uint8_t *matte,
                             const int8_t *dither, const int8_t *least, const int8_t *most)
{
    words8 changes;
    const words8 black = {0}, white = {255, 255, 255, 255, 255, 255, 255, 255};
    __builtin_memcpy(&changes, change, sizeof changes);
    words8 counted = eight_of_bytes(matte);
    pairs8 parts = (pairs8)(counted - (counted > 0)); /* true is -1 */
    /* 256 would be one more than a word holds; this much less is nothing once it is rounded. */
    words8 share = (words8)((parts << 7) - (parts >> 8));
    words8 levels = (scaled(changes, share) + eight_of(dither)) >> LEVEL_BITS;
    if (least) {
        words8 lowest = eight_of(least), highest = eight_of(most);
        lowest -= (lowest == INT8_MIN) & 255;
        highest += (highest == INT8_MAX) & 255;
        levels = limited(levels, lowest, highest);
    }
    levels = limited(levels + eight_of_bytes(pixels), black, white);
    bytes8 now = __builtin_convertvector(levels, bytes8);
    __builtin_memcpy(pixels, &now, sizeof now);
}

static INLINE void add_run(uint8_t *pixels, const int16_t *change, const uint8_t *matte,
                           const int8_t *dither, const int8_t *least, const int8_t *most,
                           ptrdiff_t length)
{
    ptrdiff_t at = 0;
    for (; at + 8 <= length; at += 8)
        add_eight(pixels + at, change + at, matte + at, dither + at, least ? least + at : NULL,
                  least ? most + at : NULL);
    ptrdiff_t left = length - at;
    if (!left)
        return;
    /* What is left, with nothing after it. */
    int16_t last_change[8] = {0};
    uint8_t last[2][8] = {{0}};
    int8_t others[3][8] = {{0}};
    for (ptrdiff_t k = 0; k < left; k++) {
        last_change[k] = change[at + k];
        last[0][k] = pixels[at + k];
        last[1][k] = matte[at + k];
        others[0][k] = dither[at + k];
        others[1][k] = least ? least[at + k] : 0;
        others[2][k] = least ? most[at + k] : 0;
    }
    add_eight(last[0], last_change, last[1], others[0], least ? others[1] : NULL,
              least ? others[2] : NULL);
    for (ptrdiff_t k = 0; k < left; k++)
        pixels[at + k] = last[0][k];
}

/* change: in 1/64 level, from `first` on. `row` is the plane's, `width` that of its matte. */
static void add_change(const Sky *sky, Plane plane, const int16_t *change, const uint8_t *matte,
                       Bounds bounds, int32_t row, int32_t width, int32_t first, int32_t end)
{
    ptrdiff_t at = (ptrdiff_t)row * width + first;
    uint8_t *pixels = plane.pixels + row * plane.stride + first;
    const int8_t *dither = sky->dither + (ptrdiff_t)(row % DITHER_ROWS) * sky->width + first;
    if (bounds.least)
        add_run(pixels, change, matte + at, dither, bounds.least + at, bounds.most + at,
                end - first);
    else
        add_run(pixels, change, matte + at, dither, NULL, NULL, end - first);
}

/* The next run of patches with a flag, at or after *first; whether there is one. */
static int next_run(const uint8_t *flags, int32_t patches, int32_t *first, int32_t *end)
{
    int32_t at = *first;
    while (at < patches && !flags[at])
        at++;
    *first = at;
    while (at < patches && flags[at])
        at++;
    *end = at;
    return *first < patches;
}

/* ---- The three planes ---- */

typedef struct {
    int64_t sum, count;
} Mean;

/* Finishes a run of half-size pixels: keeps luma's change, adds those of U and V. */
static void finish_half_run(const Sky *sky, Plane u, Plane v, int32_t row, int32_t first,
                            int32_t end, const int16_t *mixed, Mean *mean)
{
    int32_t width = sky->width / 2, length = end - first;
    ptrdiff_t at = (ptrdiff_t)row * width + first;
    int16_t *restrict change = sky->change + at;
    const int16_t *restrict rest = sky->rest_luma + at;
    const uint8_t *restrict matte = sky->chroma_matte + at;
    int32_t sum = 0, count = 0;
    for (int32_t k = 0; k < length; k++) {
        change[k] = (int16_t)(mixed[4 * k] + mixed[4 * k + 3] - rest[k]);
        sum += matte[k] > HALF_SKY ? change[k] : 0;
        count += matte[k] > HALF_SKY;
    }
    mean->sum += sum;
    mean->count += count;
    int16_t *restrict two = sky->luma;
    for (int32_t k = 0; k < length; k++)
        two[k] = word(2 * (mixed[4 * k + 1] - sky->rest_u[at + k]));
    add_change(sky, u, two, sky->chroma_matte, sky->u_bounds, row, width, first, end);
    for (int32_t k = 0; k < length; k++)
        two[k] = word(2 * (mixed[4 * k + 2] - sky->rest_v[at + k]));
    add_change(sky, v, two, sky->chroma_matte, sky->v_bounds, row, width, first, end);
}

/* Whether any of the rows of luma that a half-size row is enlarged to is wanted. */
static int is_wanted(const Sky *sky, const uint8_t *rows, int32_t row)
{
    int32_t end = smaller(2 * row + 3, sky->height);
    for (int32_t at = larger(2 * row - 1, 0); at < end; at++)
        if (rows[at])
            return 1;
    return 0;
}

/* Paints U and V, and leaves the coarse change of luma; the sum of it over the sky. */
static Mean paint_half(const Sky *sky, const Stream *streams, int32_t count, const uint8_t *rows,
                       Plane u, Plane v)
{
    Mean mean = {0, 0};
    int32_t patches = sky->columns - 1, width = sky->width / 2;
    for (int32_t row = 0; row < sky->height / 2; row++) {
        if (rows && !is_wanted(sky, rows, row))
            continue;
        __builtin_memset(sky->mixed, 0, sizeof(int16_t) * 4 * HALF * (size_t)patches);
        for (int32_t stream = 0; stream < count; stream++)
            mix_row(sky, streams + stream, row, sky->mixed);
        const uint8_t *near = sky->near + (ptrdiff_t)((row + HALF / 2) / HALF) * patches;
        for (int32_t first = 0, end; next_run(near, patches, &first, &end); first = end) {
            int32_t left = larger(first * HALF - HALF / 2, 0);
            int32_t right = smaller(end * HALF - HALF / 2, width);
            if (left < right)
                finish_half_run(sky, u, v, row, left, right, sky->mixed + 4 * (left + HALF / 2),
                                &mean);
        }
    }
    return mean;
}

/* The coarse change of luma, less its mean over the sky, at a run of a row, 1/64 level. */
static void enlarge_run(const Sky *sky, int32_t row, int32_t first, int32_t end, int32_t mean,
                        int16_t *restrict luma)
{
    int32_t height = sky->height / 2, width = sky->width / 2;
    int32_t main_row = row / 2;
    int32_t other_row = smaller(larger(row % 2 ? main_row + 1 : main_row - 1, 0), height - 1);
    const int16_t *restrict main = sky->change + (ptrdiff_t)main_row * width;
    const int16_t *restrict other = sky->change + (ptrdiff_t)other_row * width;
    int32_t offset = 4 - 8 * mean;
#define DOWN(column) (3 * main[column] + other[column])
    int32_t from = first / 2, to = end / 2;
    if (from == 0) {
        luma[0] = word((4 * DOWN(0) + offset) >> 3);
        luma[1] = word((3 * DOWN(0) + DOWN(smaller(1, width - 1)) + offset) >> 3);
        from = 1;
    }
    int16_t *restrict out = luma + 2 * from - first;
    int32_t inner = smaller(to, width - 1);
    for (int32_t k = 0; k < inner - from; k++) {
        int32_t here = 3 * DOWN(from + k) + offset;
        out[2 * k] = word((here + DOWN(from + k - 1)) >> 3);
        out[2 * k + 1] = word((here + DOWN(from + k + 1)) >> 3);
    }
    if (to == width && width > 1) {
        int32_t here = 3 * DOWN(width - 1) + offset;
        luma[end - 2 - first] = word((here + DOWN(width - 2)) >> 3);
        luma[end - 1 - first] = word((here + DOWN(width - 1)) >> 3);
    }
#undef DOWN
}

/* ---- The fine band ---- */

/* The strength of the fine detail at a position in cells, rim included. */
static float strength_at(const Sky *sky, float x, float y)
{
    float whole_x = (float)(int32_t)x - (x < 0), whole_y = (float)(int32_t)y - (y < 0);
    int32_t left = mirrored((int32_t)whole_x, sky->columns);
    int32_t right = mirrored((int32_t)whole_x + 1, sky->columns);
    const float *top = sky->fine_strength
                       + (ptrdiff_t)mirrored((int32_t)whole_y, sky->rows) * sky->columns;
    const float *bottom = sky->fine_strength
                          + (ptrdiff_t)mirrored((int32_t)whole_y + 1, sky->rows) * sky->columns;
    return between(between(top[left], top[right], x - whole_x),
                   between(bottom[left], bottom[right], x - whole_x), y - whole_y);
}

/* Whether fine detail shows in a cell, or is hidden. */
static int is_busy(const Sky *sky, const Stream *streams, int32_t count, ptrdiff_t cell)
{
    const float cells = 1.0f / CELL, offset = 1 - 0.5f + 0.5f / CELL;
    ptrdiff_t row = cell / sky->columns, column = cell % sky->columns;
    ptrdiff_t node = NODES * (row * nodes_across(sky) + column);
    if (sky->fine_strength[cell] > 0)
        return 1;
    for (int32_t stream = 0; stream < count; stream++) {
        const float *origin = streams[stream].origins + 2 * cell;
        if (streams[stream].shape[node] > 0
            && strength_at(sky, origin[0] * cells + offset, origin[1] * cells + offset) > 0)
            return 1;
    }
    return 0;
}

/* Whether any of the nodes of a patch has a weight. */
static INLINE int any_node(const int16_t *nodes, int32_t across)
{
    int found = 0;
    for (int row = 0; row <= NODES; row++)
        for (int column = 0; column <= NODES; column++)
            found |= nodes[row * across + column];
    return found;
}

static INLINE int any_cell(const uint8_t *cells, int32_t columns)
{
    return cells[0] | cells[1] | cells[columns] | cells[columns + 1];
}

/* Whether both samples around a position are in both doubled bands. */
static INLINE int is_inside(const Sky *sky, const float *origin)
{
    const float edge = 0.5f + 1.0f / (SAMPLE_ONE / 2);
    return (origin[0] >= 0.5f) & (origin[0] < (float)sky->width - edge) & (origin[1] >= 0.5f)
           & (origin[1] < (float)sky->height - edge);
}

/* Notes what a stream does in each patch. */
static void find_patches(const Sky *sky, const Stream *stream)
{
    int32_t columns = sky->columns, across = nodes_across(sky);
    for (ptrdiff_t cell = 0; cell < (ptrdiff_t)sky->rows * columns; cell++)
        sky->outside[cell] = !is_inside(sky, stream->origins + 2 * cell);
    for (int32_t row = 0; row < sky->rows - 1; row++)
        for (int32_t column = 0; column < columns - 1; column++) {
            ptrdiff_t cell = (ptrdiff_t)row * columns + column, patch = cell - row;
            ptrdiff_t node = NODES * ((ptrdiff_t)row * across + column);
            int flags = 0;
            if (sky->near[patch] && any_node(stream->shape + node, across))
                flags |= COARSE;
            if (sky->fine && sky->shown[patch] && any_cell(sky->busy + cell, columns)
                && any_node(stream->fine + node, across))
                flags |= FINE;
            if (any_cell(sky->outside + cell, columns))
                flags |= AT_EDGE;
            stream->patches[patch] = (uint8_t)flags;
        }
}

/* The samples at two neighbouring columns of a row: the left one in the low byte. */
static INLINE uint16_t pair_at(const uint8_t *first)
{
    uint16_t pair;
    __builtin_memcpy(&pair, first, sizeof pair);
    return pair;
}

static uint16_t mirrored_pair(const Sky *sky, int32_t left, int32_t top)
{
    const uint8_t *row = sky->fine + (ptrdiff_t)mirrored(top, 2 * sky->height) * 2 * sky->width;
    int32_t right = mirrored(left + 1, 2 * sky->width);
    return (uint16_t)(row[mirrored(left, 2 * sky->width)] | row[right] << 8);
}

/* The samples of `pairs` blended along their rows, with SAMPLE_BITS fractional bits. */
static INLINE words8 blended_across(pairs8 pairs, words8 share)
{
    words8 left = (words8)(pairs & 255), right = (words8)(pairs >> 8);
    return (left << SAMPLE_BITS) + (right - left) * share;
}

/* Eight pixels in a row of the fine band, weighed. */
static INLINE words8 read_eight(const Sky *sky, Position at, Position step, words8 weights,
                                int near_edge)
{
    const longs8 along = {0, 1, 2, 3, 4, 5, 6, 7};
    longs8 x = (at.x + HALF_SAMPLE + step.x * along) >> (POSITION_BITS - SAMPLE_BITS);
    longs8 y = (at.y + HALF_SAMPLE + step.y * along) >> (POSITION_BITS - SAMPLE_BITS);
    int far = near_edge && !mirror8(&x, &y, 2 * sky->width, 2 * sky->height);
    longs8 left = x >> SAMPLE_BITS, top = y >> SAMPLE_BITS;
    pairs8 above, under;
    if (far) {
        for (int k = 0; k < CELL; k++) {
            above[k] = mirrored_pair(sky, left[k], top[k]);
            under[k] = mirrored_pair(sky, left[k], top[k] + 1);
        }
    } else {
        longs8 from = top * (2 * sky->width) + left;
        const uint8_t *plane = sky->fine, *next = plane + 2 * (ptrdiff_t)sky->width;
        __builtin_prefetch(plane + from[0] + 512);
        __builtin_prefetch(next + from[0] + 512);
        above = (pairs8){pair_at(plane + from[0]), pair_at(plane + from[1]),
                         pair_at(plane + from[2]), pair_at(plane + from[3]),
                         pair_at(plane + from[4]), pair_at(plane + from[5]),
                         pair_at(plane + from[6]), pair_at(plane + from[7])};
        under = (pairs8){pair_at(next + from[0]), pair_at(next + from[1]),
                         pair_at(next + from[2]), pair_at(next + from[3]),
                         pair_at(next + from[4]), pair_at(next + from[5]),
                         pair_at(next + from[6]), pair_at(next + from[7])};
    }
    words8 beside = __builtin_convertvector(x & (SAMPLE_ONE - 1), words8);
    words8 below = __builtin_convertvector(y & (SAMPLE_ONE - 1), words8);
    words8 upper = blended_across(above, beside), lower = blended_across(under, beside);
    words8 found = upper + scaled(lower - upper, below << (15 - SAMPLE_BITS));
    return scaled((found - MIDDLE) * 2, weights);
}

/* One stream's fine detail in a row, added to `mixed`, in 1/32 level. */
static void mix_fine_row(const Sky *sky, const Stream *stream, int32_t row, int16_t *mixed)
{
    int32_t patch_row = (row + HALF) / CELL, patches = sky->columns - 1;
    const uint8_t *flags = stream->patches + (ptrdiff_t)patch_row * patches;
    if (!any_flag(flags, patches, FINE))
        return;
    float share = (float)((row + HALF) % CELL * 2 + 1) / (2 * CELL);
    ptrdiff_t cell = (ptrdiff_t)patch_row * sky->columns;
    find_positions(sky, stream, cell, share, 2, 0);
    ptrdiff_t node = nodes_above(sky, row, CELL, &share);
    int32_t across = nodes_across(sky);
    const int16_t *restrict above = stream->fine + node, *restrict below = above + across;
    int16_t *restrict found = stream->weights;
    float unit = sky->fine_unit;
    for (int32_t k = 0; k < across; k++)
        found[k] = (int16_t)(between(above[k], below[k], share) * unit + 0.5f);
    const words8 late = {2, 6, 10, 14, 2, 6, 10, 14};
    for (int32_t patch = 0; patch < patches; patch++) {
        if (!(flags[patch] & FINE))
            continue;
        int16_t first = found[NODES * patch], middle = found[NODES * patch + 1];
        int16_t last = found[NODES * patch + 2];
        words8 start = {first, first, first, first, middle, middle, middle, middle};
        words8 end = {middle, middle, middle, middle, last, last, last, last};
        words8 weights = start * (2 * CELL - late) + end * late;
        Position step, from = first_and_step(stream->from + 2 * patch, CELL, &step);
        if (flags[patch] & AT_EDGE)
            add_to(mixed + patch * CELL, read_eight(sky, from, step, weights, 1));
        else
            add_to(mixed + patch * CELL, read_eight(sky, from, step, weights, 0));
    }
}

/* Adds the change of fine detail to a run of a row, from column `left`; mixed: from -HALF. */
static void add_fine(const Sky *sky, int32_t row, int32_t left, int32_t right,
                     const int16_t *restrict mixed, int16_t *restrict luma)
{
    const int8_t *restrict rest = sky->fine_rest + (ptrdiff_t)row * sky->width + left;
    int32_t bits = sky->fine_bits, length = right - left;
    mixed += left + HALF;
    for (int32_t k = 0; k < length; k++)
        luma[k] = word(luma[k] + 2 * (mixed[k] - rest[k] * (1 << bits)));
}

static void paint_luma(const Sky *sky, const Stream *streams, int32_t count, const uint8_t *rows,
                       Plane y, int32_t mean)
{
    int32_t patches = sky->columns - 1;
    for (int32_t row = 0; row < sky->height; row++) {
        if (rows && !rows[row])
            continue;
        const uint8_t *shown = sky->shown + (ptrdiff_t)((row + HALF) / CELL) * patches;
        if (sky->fine) {
            __builtin_memset(sky->mixed, 0, sizeof(int16_t) * CELL * (size_t)patches);
            for (int32_t stream = 0; stream < count; stream++)
                mix_fine_row(sky, streams + stream, row, sky->mixed);
        }
        for (int32_t first = 0, end; next_run(shown, patches, &first, &end); first = end) {
            int32_t left = larger(first * CELL - HALF, 0);
            int32_t right = smaller(end * CELL - HALF, sky->width);
            if (left >= right)
                continue;
            enlarge_run(sky, row, left, right, mean, sky->luma);
            if (sky->fine)
                add_fine(sky, row, left, right, sky->mixed, sky->luma);
            add_change(sky, y, sky->luma, sky->luma_matte, sky->luma_bounds, row, sky->width, left,
                       right);
        }
    }
}

/* rows: which rows of luma are wanted, or NULL for all. The mean is that of what is painted. */
void windstill_paint_sky(const Sky *sky, const Stream *streams, int32_t count, const uint8_t *rows,
                         const Plane *planes)
{
    if (sky->fine)
        for (ptrdiff_t cell = 0; cell < (ptrdiff_t)sky->rows * sky->columns; cell++)
            sky->busy[cell] = (uint8_t)is_busy(sky, streams, count, cell);
    for (int32_t stream = 0; stream < count; stream++)
        find_patches(sky, streams + stream);
    Mean mean = paint_half(sky, streams, count, rows, planes[1], planes[2]);
    /* Bright clouds come and go at the region's edges; its mean must not flicker with them. */
    int64_t half = mean.count / 2, twice = 2 * mean.sum;
    int32_t drifted = mean.count ? (int32_t)((twice + (twice < 0 ? -half : half)) / mean.count) : 0;
    paint_luma(sky, streams, count, rows, planes[0], drifted);
}
