/* How a matte depends on colour near the border of an element; edges.py says what for. */

#include <stddef.h>

#include "../imaging/mirror.h"

#define CHANNELS 3
#define FUNCTION 4
/* Summed up at once: colours, the matte, and all their products but the matte's square. */
#define MOMENTS 13
/* Likewise: the weight and the weighted colours of the element, and of what lies beside it. */
#define SIDES 8

/* Below this sum of weights (a part of the window) a colour is no colour of the place. */
#define ENOUGH 0.02f
#define LEAST_WEIGHT 1e-4f
#define LEAST_LENGTH 1e-5f

typedef struct {
    const uint8_t *guide;
    const float *guess;
    int32_t height, width;
    int32_t radius, blur;
    float epsilon, contrast;
    int32_t passes;
    /* Planes of height x width: colours, functions, those to fall back on, two mattes. */
    float *colours, *functions, *spare, *alpha, *better;
    /* Rows of sums, see `Work`. */
    float *rows;
    float *out;
} Edge;

/* What a box mean needs: `planes` rows each, `wide` with a radius on both sides. */
typedef struct {
    float *incoming, *outgoing, *sums, *wide, *means;
} Work;

typedef void Fill(const Edge *edge, int32_t row, float *restrict planes);
typedef void Take(const Edge *edge, int32_t row, const float *restrict means);

static ptrdiff_t area(const Edge *edge)
{
    return (ptrdiff_t)edge->height * edge->width;
}

static Work work_of(const Edge *edge, int planes, int32_t radius)
{
    ptrdiff_t row = (ptrdiff_t)planes * edge->width;
    ptrdiff_t wide = (ptrdiff_t)planes * (edge->width + 2 * radius + 1);
    float *at = edge->rows;
    Work work = {at, at + row, at + 2 * row, at + 3 * row, at + 3 * row + wide};
    return work;
}

/* The mean of each window in a row, from the sums of its columns. */
static void across(const Edge *edge, int planes, int32_t radius, const Work *work)
{
    int32_t width = edge->width, side = 2 * radius + 1;
    ptrdiff_t reach = width + side;
    float scale = 1.0f / ((float)side * (float)side);
    for (int p = 0; p < planes; p++) {
        const float *restrict sums = work->sums + (ptrdiff_t)p * width;
        float *restrict wide = work->wide + p * reach;
        for (int32_t k = 0; k < radius; k++) {
            wide[k] = sums[mirrored(k - radius, width)];
            wide[radius + width + k] = sums[mirrored(width + k, width)];
        }
        wide[reach - 1] = 0;
        for (int32_t x = 0; x < width; x++)
            wide[radius + x] = sums[x];
    }
    /* Four rows at a time: each sum waits for the one before it. */
    for (int p = 0; p < planes; p += 4) {
        int count = planes - p < 4 ? planes - p : 4;
        const float *in[4], *gone[4];
        float *means[4], total[4] = {0, 0, 0, 0};
        for (int k = 0; k < 4; k++) {
            ptrdiff_t plane = p + (k < count ? k : 0);
            gone[k] = work->wide + plane * reach;
            in[k] = gone[k] + side;
            means[k] = work->means + plane * width;
            for (int32_t x = 0; x < side; x++)
                total[k] += gone[k][x];
        }
        for (int32_t x = 0; x < width; x++)
            for (int k = 0; k < 4; k++) {
                means[k][x] = total[k] * scale;
                total[k] += in[k][x] - gone[k][x];
            }
    }
}

/* Means of square windows of the rows that `fill` makes, given to `take` row by row. */
static void box(const Edge *edge, int planes, int32_t radius, Fill *fill, Take *take)
{
    Work work = work_of(edge, planes, radius);
    ptrdiff_t count = (ptrdiff_t)planes * edge->width;
    float *restrict sums = work.sums;
    const float *restrict in = work.incoming, *restrict gone = work.outgoing;
    for (ptrdiff_t x = 0; x < count; x++)
        sums[x] = 0;
    for (int32_t k = -radius; k <= radius; k++) {
        fill(edge, mirrored(k, edge->height), work.incoming);
        for (ptrdiff_t x = 0; x < count; x++)
            sums[x] += in[x];
    }
    for (int32_t y = 0; y < edge->height; y++) {
        across(edge, planes, radius, &work);
        take(edge, y, work.means);
        fill(edge, mirrored(y + radius + 1, edge->height), work.incoming);
        fill(edge, mirrored(y - radius, edge->height), work.outgoing);
        for (ptrdiff_t x = 0; x < count; x++)
            sums[x] += in[x] - gone[x];
    }
}

/* The guided filter ------------------------------------------------------------------------- */

static void moments(const Edge *edge, int32_t row, float *restrict planes)
{
    int32_t width = edge->width;
    ptrdiff_t at = (ptrdiff_t)row * width;
    const float *restrict r = edge->colours + at;
    const float *restrict g = r + area(edge), *restrict b = g + area(edge);
    const float *restrict t = edge->guess + at;
    for (int32_t x = 0; x < width; x++) {
        float *restrict to = planes + x;
        to[0] = r[x], to[width] = g[x], to[2 * width] = b[x], to[3 * width] = t[x];
        to[4 * width] = r[x] * t[x], to[5 * width] = g[x] * t[x], to[6 * width] = b[x] * t[x];
        to[7 * width] = r[x] * r[x], to[8 * width] = r[x] * g[x], to[9 * width] = r[x] * b[x];
        to[10 * width] = g[x] * g[x], to[11 * width] = g[x] * b[x], to[12 * width] = b[x] * b[x];
    }
}

/* The symmetric 3 x 3 system of every pixel, by cofactors. */
static void solved(const Edge *edge, int32_t row, const float *restrict means)
{
    int32_t width = edge->width;
    ptrdiff_t plane = area(edge);
    float epsilon = edge->epsilon;
    float *restrict to = edge->functions + (ptrdiff_t)row * width;
    for (int32_t x = 0; x < width; x++) {
        const float *restrict m = means + x;
        float r = m[0], g = m[width], bl = m[2 * width], t = m[3 * width];
        float x0 = m[4 * width] - r * t, x1 = m[5 * width] - g * t, x2 = m[6 * width] - bl * t;
        float a = m[7 * width] - r * r + epsilon, b = m[8 * width] - r * g;
        float d = m[9 * width] - r * bl, e = m[10 * width] - g * g + epsilon;
        float f = m[11 * width] - g * bl, h = m[12 * width] - bl * bl + epsilon;
        float k00 = e * h - f * f, k01 = d * f - b * h, k02 = b * f - d * e;
        float k11 = a * h - d * d, k12 = b * d - a * f, k22 = a * e - b * b;
        float scale = 1.0f / (a * k00 + b * k01 + d * k02);
        float s0 = (k00 * x0 + k01 * x1 + k02 * x2) * scale;
        float s1 = (k01 * x0 + k11 * x1 + k12 * x2) * scale;
        float s2 = (k02 * x0 + k12 * x1 + k22 * x2) * scale;
        to[x] = s0, to[plane + x] = s1, to[2 * plane + x] = s2;
        to[3 * plane + x] = t - s0 * r - s1 * g - s2 * bl;
    }
}

static void functions(const Edge *edge, int32_t row, float *restrict planes)
{
    const float *from = edge->functions + (ptrdiff_t)row * edge->width;
    for (int k = 0; k < FUNCTION; k++)
        for (int32_t x = 0; x < edge->width; x++)
            planes[(ptrdiff_t)k * edge->width + x] = from[k * area(edge) + x];
}

static void kept(const Edge *edge, int32_t row, const float *restrict means)
{
    float *to = edge->spare + (ptrdiff_t)row * edge->width;
    for (int k = 0; k < FUNCTION; k++)
        for (int32_t x = 0; x < edge->width; x++)
            to[k * area(edge) + x] = means[(ptrdiff_t)k * edge->width + x];
}

/* Two colours per place ---------------------------------------------------------------------- */

static void sides(const Edge *edge, int32_t row, float *restrict planes)
{
    int32_t width = edge->width;
    ptrdiff_t at = (ptrdiff_t)row * width;
    const float *restrict r = edge->colours + at;
    const float *restrict g = r + area(edge), *restrict b = g + area(edge);
    const float *restrict alpha = edge->alpha + at;
    for (int32_t x = 0; x < width; x++) {
        float *restrict to = planes + x;
        float rest = 1.0f - alpha[x];
        float near = alpha[x] * alpha[x], far = rest * rest;
        to[0] = near, to[width] = near * r[x];
        to[2 * width] = near * g[x], to[3 * width] = near * b[x];
        to[4 * width] = far, to[5 * width] = far * r[x];
        to[6 * width] = far * g[x], to[7 * width] = far * b[x];
    }
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* How far the colour lies on the way from the one to the other, where both are known. */
static void between(const Edge *edge, int32_t row, const float *restrict means)
{
    int32_t width = edge->width;
    ptrdiff_t at = (ptrdiff_t)row * width, plane = area(edge);
    const float *restrict colours = edge->colours + at, *restrict spare = edge->spare + at;
    float *restrict to = edge->functions + at, *restrict better = edge->better + at;
    float contrast = edge->contrast;
    for (int32_t x = 0; x < width; x++) {
        const float *restrict m = means + x;
        float by_near = 1.0f / larger(m[0], LEAST_WEIGHT);
        float by_far = 1.0f / larger(m[4 * width], LEAST_WEIGHT);
        float far0 = m[5 * width] * by_far, far1 = m[6 * width] * by_far;
        float far2 = m[7 * width] * by_far;
        float way0 = m[width] * by_near - far0, way1 = m[2 * width] * by_near - far1;
        float way2 = m[3 * width] * by_near - far2;
        float length = way0 * way0 + way1 * way1 + way2 * way2;
        float known = smaller(smaller(m[0], m[4 * width]) * (1.0f / ENOUGH), 1.0f);
        float trust = known * (length / (length + contrast)), rest = 1.0f - trust;
        float share = trust / larger(length, LEAST_LENGTH);
        way0 *= share, way1 *= share, way2 *= share;
        float offset = spare[3 * plane + x] * rest - way0 * far0 - way1 * far1 - way2 * far2;
        way0 += spare[x] * rest, way1 += spare[plane + x] * rest;
        way2 += spare[2 * plane + x] * rest;
        to[x] = way0, to[plane + x] = way1, to[2 * plane + x] = way2, to[3 * plane + x] = offset;
        float found = way0 * colours[x] + way1 * colours[plane + x];
        found += way2 * colours[2 * plane + x] + offset;
        better[x] = smaller(larger(found, 0.0f), 1.0f);
    }
}

static void given(const Edge *edge, int32_t row, const float *restrict means)
{
    float *restrict to = edge->out + (ptrdiff_t)row * edge->width * FUNCTION;
    for (int32_t x = 0; x < edge->width; x++)
        for (int k = 0; k < FUNCTION; k++)
            to[x * FUNCTION + k] = means[(ptrdiff_t)k * edge->width + x];
}

void windstill_edge(Edge *edge)
{
    ptrdiff_t plane = area(edge);
    for (ptrdiff_t k = 0; k < plane; k++)
        for (int c = 0; c < CHANNELS; c++)
            edge->colours[c * plane + k] = (float)edge->guide[k * CHANNELS + c] * (1.0f / 255.0f);
    box(edge, MOMENTS, edge->radius, moments, solved);
    if (edge->passes == 0) {
        box(edge, FUNCTION, edge->radius, functions, given);
        return;
    }
    box(edge, FUNCTION, edge->radius, functions, kept);
    for (ptrdiff_t k = 0; k < plane; k++)
        edge->alpha[k] = edge->guess[k];
    for (int32_t pass = 0; pass < edge->passes; pass++) {
        box(edge, SIDES, edge->radius, sides, between);
        float *seen = edge->alpha;
        edge->alpha = edge->better;
        edge->better = seen;
    }
    box(edge, FUNCTION, edge->blur, functions, given);
}
