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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

LARGEST_GAIN = 1.42


def uncorrelated_gain(early: F32, late: F32) -> F32:
    """Factor on both weights that keeps the variance of two copies with nothing in common."""
    gain: F32 = np.reciprocal(np.sqrt(early * early + late * late))
    return gain


@dataclass(frozen=True)
class Moments:
    """Local second moments of the two copies at the middle of their fade, and their product's."""

    early: F32
    late: F32
    both: F32
    floor: float

    def gain(self, early: F32, late: F32) -> F32:
        """Factor on both weights that keeps the variance of the blend."""
        kept = early * self.early + late * self.late + np.float32(self.floor)
        blended = (
            early * early * self.early
            + late * late * self.late
            + 2 * early * late * self.both
            + np.float32(self.floor)
        )
        ratio: F32 = np.sqrt(kept / np.maximum(blended, np.float32(1e-3) * kept))
        return ratio.clip(1.0, LARGEST_GAIN)


class Shown(NamedTuple):
    """One stream at one moment, on the lattice.

    age: float32, periods since its copy passed the photo's place. weight: float32, in [0, 1].
    copy: int32, which of the loop's copies it is.
    """

    age: F32
    weight: F32
    copy: NDArray[np.int32]


@dataclass(frozen=True)
class Turns:
    """When each place shows which copy.

    offsets: o, float32 on the lattice, periods. fade: f, likewise, in (0, 1]. periods: copies
    per loop.
    """

    offsets: F32
    fade: F32
    periods: int

    @property
    def span(self) -> float:
        """The largest age at which any copy is seen, in periods."""
        return float((np.abs(self.offsets) + (1 + self.fade) / 2).max())

    def at(self, time: float) -> tuple[Shown, Shown]:
        """What the even and the odd copies show at `time` (loops)."""
        return self._stream(time, 0), self._stream(time, 1)

    def _stream(self, time: float, parity: int) -> Shown:
        # Time is folded before it meets float32, so that frame 0 is exactly at age 0.
        now = (time * self.periods - parity + 1) % 2.0 - 1
        turn = np.float32(now) - self.offsets
        turn += np.where(turn < -1, np.float32(2), np.float32(0))
        turn -= np.where(turn >= 1, np.float32(2), np.float32(0))
        ramp = np.clip((np.float32(0.5) - np.abs(turn)) / self.fade + np.float32(0.5), 0, 1)
        weight = ramp * ramp * (3 - 2 * ramp)
        age = turn + self.offsets
        copy = np.rint(np.float32(time * self.periods) - age).astype(np.int32) % self.periods
        return Shown(age, weight, copy)
