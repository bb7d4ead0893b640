"""What is drawn by chance for one sky: all that the seed decides about its motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.drift import eddies, wander_shares, widened
from windstill.elements.sky.lattice import CELL, Lattice
from windstill.elements.sky.pace import Pace
from windstill.elements.sky.veil import veil
from windstill.imaging.noise import smooth_noise

F32 = NDArray[np.float32]

# Neighbouring places change copies at different times; over this share of the longer side.
OFFSET_FEATURE = 0.15
# Where copies are unlike, smaller places change apart, too: a contour that goes breaks into wisps
# and evaporates, instead of showing through the sky as a whole.
WISP_FEATURES = (0.045, 0.02)


@dataclass(frozen=True)
class Chances:
    """All float32.

    offsets: when each cell changes copies, periods. eddy: velocity (x, y) on the widened lattice.
    veil: the cloud of a clear sky, at half size, if one was asked for. wisps: how unevenly cells
    change, of standard deviation 1 or so. wander: see `wander_shares`.
    """

    offsets: F32
    eddy: tuple[F32, F32]
    veil: F32 | None
    wisps: F32
    wander: F32
    span: float


def span_of(offsets: F32, fade: float) -> float:
    """The largest age at which a copy is seen, periods."""
    return (1 + fade) / 2 + float(np.abs(offsets).max())


def draw(
    lattice: Lattice,
    longer: int,
    pace: Pace,
    fade: float,
    veiled: tuple[tuple[int, int], tuple[float, float]] | None,
    rng: np.random.Generator,
) -> Chances:
    """Draws for a sky on `lattice` in a frame whose longer side is `longer` pixels.

    fade: the longest that a change of copies takes, periods. veiled: the shape and the colour of
    the veil, if there is to be one. `rng` is left where what else is to be drawn goes on.
    """
    offsets = _offsets(lattice, longer, fade, rng)
    span = span_of(offsets, fade)
    eddy = eddies(widened(lattice, pace.step, span)[0].shape, longer, rng)
    thin = None if veiled is None else veil(veiled[0], longer // 2, veiled[1], rng)
    wisps = np.zeros_like(offsets)
    for feature in WISP_FEATURES:
        wisps += smooth_noise(offsets.shape, max(2.0, feature * longer / CELL), rng)
    wander = wander_shares(lattice.shape, pace.periods, longer, rng)
    return Chances(offsets, eddy, thin, wisps, wander, span)


def _offsets(lattice: Lattice, longer: int, fade: float, rng: np.random.Generator) -> F32:
    """Noise, evenly distributed over what leaves the photo whole at the loop's start."""
    noise = smooth_noise(lattice.shape, OFFSET_FEATURE * longer / CELL, rng)
    ranks = np.argsort(np.argsort(noise, axis=None)).reshape(noise.shape) / noise.size
    return ((ranks - 0.5) * (1 - fade)).astype(np.float32)
