/* Eight 16-bit words at a time, the same on every processor: what painting a plane is made of. */

#ifndef WINDSTILL_WORDS_H
#define WINDSTILL_WORDS_H

#include <stddef.h>
#include <stdint.h>
#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define INLINE inline __attribute__((always_inline))

typedef int16_t words8 __attribute__((vector_size(16)));
typedef int32_t longs8 __attribute__((vector_size(32)));
typedef uint16_t pairs8 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));

/* A plane of a picture, or a part of it. */
typedef struct {
    uint8_t *pixels;
    ptrdiff_t stride;
} Plane;

/* round(a b / 2^15) */
static INLINE words8 scaled(words8 a, words8 b)
{
#if defined(__SSSE3__)
    return (words8)_mm_mulhrs_epi16((__m128i)a, (__m128i)b);
#elif defined(__ARM_NEON)
    return (words8)vqrdmulhq_s16((int16x8_t)a, (int16x8_t)b);
#else
    longs8 product = __builtin_convertvector(a, longs8) * __builtin_convertvector(b, longs8);
    return __builtin_convertvector((product + (1 << 14)) >> 15, words8);
#endif
}

static INLINE words8 eight_of_bytes(const uint8_t *from)
{
    bytes8 found;
    __builtin_memcpy(&found, from, sizeof found);
    return __builtin_convertvector(found, words8);
}

static INLINE words8 limited(words8 values, words8 least, words8 most)
{
    words8 low = values < least;
    values = (least & low) | (values & ~low);
    words8 high = values > most;
    return (most & high) | (values & ~high);
}

static INLINE int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static INLINE int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

#endif
