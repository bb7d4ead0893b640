/* What lies beyond the edges of a plane. */

#ifndef WINDSTILL_MIRROR_H
#define WINDSTILL_MIRROR_H

#include <stdint.h>

/* A plane goes on beyond its edges as in a mirror that shows the outermost sample once. */
static inline int32_t mirrored(int32_t at, int32_t length)
{
    if (length == 1)
        return 0;
    while (at < 0 || at >= length)
        at = at < 0 ? -at : 2 * (length - 1) - at;
    return at;
}

#endif
