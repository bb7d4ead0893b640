"""How far hair sways: by its length, by the wind's strength, and by what the eye can follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.growth import Growth
from windstill.elements.hair.gusts import Gusts
from windstill.elements.hair.motion_limits import eased
from windstill.elements.hair.poses import farthest
from windstill.elements.hair.strands import Strands
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
_SHARE, _HALF_LENGTH = 0.07, 0.6
"""Head sizes that endlessly long hair swings to either side, and the length that swings half so
far: more, and too much of what is behind shows."""
_WIND: dict[Strength, float] = {"calm": 0.55, "normal": 1.0, "windy": 1.85}
_BOLDER = 0.8
"""Power of the wind by which hair may travel farther over what is hard to complete."""
_TOP_SPEED = 0.0026
"""Of the diagonal in an instant, in a normal wind: the eye can't follow more."""
_USUAL, _FASTEST = 65, 98
"""Percentiles of the free hair that are set to the amplitude, and held below the top speed."""
_MOST_REGAINED = 1.6
_USUAL_HEAD, _MOST_ENLARGED = 0.2, 1.8
"""Of the diagonal: smaller heads' hair sways more than its size says, at most so many times."""
_WORTH_IT = 1.1
"""A factor so near to 1 is not worth easing once more."""


def amplitude(relative_length: float, head_size: float, strength: Strength) -> float:
    """Pixels that the tips of hair of a length (in head sizes) swing to either side."""
    share = _SHARE * relative_length / (relative_length + _HALF_LENGTH)
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


def enlargement(head_size: float, diagonal: float) -> float:
    """How much more the hair of a small head sways, so that it can be seen at all.

    head_size, diagonal of the picture: pixels.
    """
    return float(np.clip(np.sqrt(_USUAL_HEAD * diagonal / head_size), 1.0, _MOST_ENLARGED))


def tempered(sway: Sway, free: Mask, wanted: float, top_speed: float, strands: Strands) -> Sway:
    """The sway at its tips `wanted` pixels wide to either side, but nowhere too steep or too fast.

    free: bool (H, W), the half of the hair toward the tips. top_speed: pixels in an instant.
    """
    weights = sway.weights(sway.moments)
    rates = sway.rates(sway.moments, INSTANT)
    basis = sway.basis
    if not free.any():
        free = strands.hair > 0
    # Easing takes some of the motion away, so that its width has to be set once more.
    for most in (np.inf, _MOST_REGAINED):
        width = float(np.percentile(farthest(basis, weights)[free], _USUAL))
        fast = float(np.percentile(farthest(basis, rates)[free], _FASTEST))
        factor = min(wanted / max(width, 1e-6), top_speed / max(fast, 1e-6), most)
        if basis is not sway.basis and factor < _WORTH_IT:
            break
        basis = eased(basis * np.float32(factor), weights, strands)
    return Sway(basis, sway.gusts, sway.start)


@dataclass(frozen=True)
class Tress:
    """The hair of one head, in a window of the grid.

    basis: `sway_of` it. share: float32 (H, W), how much of each cell moves with it. free: bool
    (H, W), the half of the hair toward the tips. strands: what it is made of.
    """

    window: tuple[slice, slice]
    basis: F32
    share: F32
    growth: Growth
    free: Mask
    strands: Strands


@dataclass(frozen=True)
class HeadsOfHair:
    """All hair on one grid, before it is known how strong the wind is.

    gusts: what blows through all of it. strands: all of them. allowed: float32 (H, W), pixels that
    hair may travel in a normal wind, so that nothing is uncovered that can't be completed.
    diagonal: of the picture, pixels.
    """

    tresses: tuple[Tress, ...]
    gusts: Gusts
    strands: Strands
    allowed: F32
    diagonal: float

    def untempered(self) -> F32:
        """The basis of its motion before it is known how far anything may travel, in pixels."""
        basis = np.zeros((2 * len(self.gusts.cycles), *self.strands.hair.shape, 2), np.float32)
        for tress in self.tresses:
            growth = tress.growth
            wanted = amplitude(growth.relative_length, growth.head.size, "normal")
            basis[:, *tress.window] += tress.basis * (wanted * tress.share[..., None])
        return basis

    def sway_in(self, strength: Strength) -> Sway:
        """Its motion in a wind of `strength`, in pixels."""
        start = rest_moment(self.untempered(), self.gusts)
        basis = np.zeros((2 * len(self.gusts.cycles), *self.strands.hair.shape, 2), np.float32)
        for tress in self.tresses:
            size = tress.growth.head.size
            wanted = amplitude(tress.growth.relative_length, size, strength)
            wanted *= enlargement(size, self.diagonal)
            top_speed = _TOP_SPEED * _WIND[strength] * self.diagonal
            sway = Sway(tress.basis, self.gusts, start)
            own = tempered(sway, tress.free, wanted, top_speed, tress.strands)
            basis[:, *tress.window] += own.basis * tress.share[..., None]
        whole = Sway(basis, self.gusts, start)
        weights = whole.weights(whole.moments)
        far = np.maximum(farthest(basis, weights), np.float32(1e-3))
        allowed = self.allowed * np.float32(_WIND[strength] ** _BOLDER)
        basis *= np.minimum(allowed / far, np.float32(1))[..., None]
        # Where motions of two heads, or of what may travel and what may not, meet, there is strain.
        return Sway(eased(basis, weights, self.strands), self.gusts, start)
