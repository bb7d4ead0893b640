"""The random fields of one sky: all that the seed decides about its motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.drift import eddies, widened
from windstill.elements.sky.drift_rate import DriftRate
from windstill.elements.sky.lattice import CELL, Lattice
from windstill.elements.sky.veil import veil
from windstill.imaging.noise import smooth_noise

F32 = NDArray[np.float32]

# Neighbouring places change copies at different times; over this share of the longer side.
OFFSET_FEATURE = 0.15
# Clouds erode and grow unevenly over these shares of the longer side, with these weights; by so
# much of the change in all (standard deviation, times 4). More tears them to tatters.
ROUGHNESS = ((0.012, 0.6), (0.03, 0.6))
ROUGH = 0.6


@dataclass(frozen=True)
class RandomFields:
    """All float32.

    offsets: when each cell changes copies, periods. eddy: velocity (x, y) on the widened lattice.
    veil: the cloud of a clear sky, at half size, if one was asked for. roughness: how unevenly
    clouds erode and grow. span: the largest age at which a
    copy is seen, periods.
    """

    offsets: F32
    eddy: tuple[F32, F32]
    veil: F32 | None
    roughness: F32
    span: float


def span_of(offsets: F32, fade: float) -> float:
    """The largest age at which a copy is seen, periods."""
    return (1 + fade) / 2 + float(np.abs(offsets).max())


def sample_random_fields(
    lattice: Lattice,
    longer: int,
    rate: DriftRate,
    fade: float,
    veiled: tuple[tuple[int, int], tuple[float, float, float]] | None,
    rng: np.random.Generator,
) -> RandomFields:
    """Random fields for a sky on `lattice` in a frame whose longer side is `longer` pixels.

    fade: the longest that a change of copies takes, periods. veiled: the shape and the colour of
    the veil, if there is to be one. `rng` is left where what else is to be drawn goes on.
    """
    offsets = _offsets(lattice, longer, fade, rng)
    roughness = _roughness(lattice, longer, rng)
    span = span_of(offsets, fade)
    eddy = eddies(widened(lattice, rate.step, span)[0].shape, longer, rng)
    thin = None if veiled is None else veil(veiled[0], longer // 2, veiled[1], rng)
    return RandomFields(offsets, eddy, thin, roughness, span)


def _roughness(lattice: Lattice, longer: int, rng: np.random.Generator) -> F32:
    found = np.zeros(lattice.shape, np.float32)
    for feature, weight in ROUGHNESS:
        size = max(2.0, feature * longer / CELL)
        found += np.float32(weight) * smooth_noise(found.shape, size, rng)
    return np.asarray(found * np.float32(ROUGH / max(float(found.std()), 1e-6)), np.float32)


def _offsets(lattice: Lattice, longer: int, fade: float, rng: np.random.Generator) -> F32:
    """Noise, evenly distributed over what leaves the photo whole at the loop's start."""
    noise = smooth_noise(lattice.shape, OFFSET_FEATURE * longer / CELL, rng)
    ranks = np.argsort(np.argsort(noise, axis=None)).reshape(noise.shape) / noise.size
    return ((ranks - 0.5) * (1 - fade)).astype(np.float32)
