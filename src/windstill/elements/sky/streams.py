"""Two streams of copies of the sky that take turns, so that drifting clouds form a loop.

Copy k starts displaced upstream, passes through the photo's own place at time k periods, and
drifts on. A pixel shows copy k from time k + o - 1/2 to k + o + 1/2, fading to the next one over
f periods, where o differs smoothly from place to place: the copies never change everywhere at
once. Even and odd copies are the two streams. All copies drift alike; only which one is shown
depends on the place, so the offsets do not bend the motion (unlike the phase offsets of a flow
map, Vlachos 2010).

Blending two different copies loses contrast. The weights are raised so that local variance is
kept, given the copies' measured local second moments (Heitz and Neyret 2018, section 4, assume
them uncorrelated; here they are not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

LARGEST_GAIN = 1.42


@dataclass(frozen=True)
class Moments:
    """Local second moments of the two copies at the middle of their fade, and their product's.

    float32 on the lattice, square levels. floor: added to all: blank sky has no contrast to keep.
    """

    early: F32
    late: F32
    both: F32
    floor: float


@dataclass(frozen=True)
class Turns:
    """When each place shows which copy.

    offsets: o, float32 on the lattice, periods. fade: f, likewise, in (0, 1]. periods: copies
    per loop.
    """

    offsets: F32
    fade: F32
    periods: int
