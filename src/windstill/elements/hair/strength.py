"""How far hair sways: by its length, by the wind's strength, and by what the eye can follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.bounds import bounded
from windstill.elements.hair.growth import Growth
from windstill.elements.hair.gusts import Gusts
from windstill.elements.hair.poses import mean_length
from windstill.elements.hair.sway import Sway, rest_moment
from windstill.options import Strength

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

TOO_SHORT = 0.1
"""Hair whose free length is below this share of the head stands still."""
_SHORT, _NOT_SHORT = 0.2, 0.3
"""Free lengths, in head sizes, up to which hair trembles all around, and from which it hangs."""
_STANDS_OFF, _HANGS, _STUBBLE = 0.125, 0.22, 0.25
"""Free lengths from which hair stands off the scalp, and hangs; how much what does not may swing
of what it could."""
_TREMBLE = 0.010
"""How far the outline of short hair swings to either side, in head sizes."""
INSTANT = 1 / 24
"""Seconds; speeds are displacements in this time."""
_WIND: dict[Strength, float] = {"calm": 0.6, "normal": 1.0, "windy": 1.6}
_TOP_SPEED = 0.0014
_LEAST_PACE, _MOST_PACE = 0.0004, 0.0006
"""Shares of the diagonal in an instant: anywhere; and the mean of free hair in a normal wind."""

_WORTH_IT = 1.1
"""A factor so near to 1 is not worth bounding once more."""


def amplitude(relative_length: float, head_size: float, strength: Strength) -> float:
    """Pixels that the tips of hair of a length (in head sizes) swing to either side."""
    share = 0.065 * relative_length / (relative_length + 0.6)
    loose = _STUBBLE + (1 - _STUBBLE) * hanging(relative_length)
    return share * loose * head_size * _WIND[strength]


def hanging(relative_length: float) -> float:
    """How far hair of a length (in head sizes) hangs loose, in [0, 1]."""
    return _ramp(relative_length, TOO_SHORT, _HANGS)


def tremble(relative_length: float) -> float:
    """Share of the tips' amplitude by which short hair trembles where it stands off the scalp.

    relative_length: in head sizes, at least `TOO_SHORT`. 0 for hair that is not short.
    """
    short = 1 - _ramp(relative_length, _SHORT, _NOT_SHORT)
    stands_off = _ramp(relative_length, TOO_SHORT, _STANDS_OFF)
    return short * stands_off * _TREMBLE / amplitude(relative_length, 1.0, "normal")


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def pace(sway: Sway, free: Mask) -> float:
    """Mean speed over time and over `free`, bool (H, W), pixels in an instant."""
    if not free.any():
        return 0.0
    return mean_length(sway.basis, sway.rates(sway.moments[::2], INSTANT), free)


def tempered(
    sway: Sway, free: Mask, cell: int, diagonal: float, relative_length: float, strength: Strength
) -> Sway:
    """The sway made visible in a picture of a `diagonal`, but nowhere too fast or too steep.

    free: bool (H, W), the half of the hair toward the tips. cell: pixels of a cell.
    """
    fullness = min(relative_length / 0.9, 1.0)
    least = _LEAST_PACE * fullness * _WIND[strength] * diagonal
    most = _MOST_PACE * _WIND[strength] * diagonal
    weights = sway.weights(sway.moments)
    rates = sway.rates(sway.moments, INSTANT)
    basis = sway.basis
    # Bounds take some of the motion away, so that the pace has to be set once more.
    for _ in range(2):
        mean = max(pace(Sway(basis, sway.gusts, sway.start), free), 1e-9)
        factor = np.float32(np.clip(mean, least, most) / mean)
        if basis is not sway.basis and factor < _WORTH_IT:
            break
        basis = bounded(basis * factor, weights, rates, cell, _TOP_SPEED * diagonal)
    return Sway(basis, sway.gusts, sway.start)


@dataclass(frozen=True)
class Tress:
    """The hair of one head: `sway_of` it, its growth, and where it is free, bool (H, W)."""

    basis: F32
    growth: Growth
    free: Mask


@dataclass(frozen=True)
class HeadsOfHair:
    """All hair on one grid, before it is known how strong the wind is.

    gusts: what blows through all of it. cell, diagonal: of the grid and of the picture, pixels.
    """

    tresses: tuple[Tress, ...]
    gusts: Gusts
    cell: int
    diagonal: float

    def sway_in(self, strength: Strength) -> Sway:
        """Its motion in a wind of `strength`, in pixels."""
        basis = np.zeros_like(self.tresses[0].basis)
        for tress in self.tresses:
            length, size = tress.growth.relative_length, tress.growth.head.size
            own = tress.basis * np.float32(amplitude(length, size, strength))
            sway = Sway(own, self.gusts, rest_moment(own, self.gusts))
            basis += tempered(sway, tress.free, self.cell, self.diagonal, length, strength).basis
        return Sway(basis, self.gusts, rest_moment(basis, self.gusts))
