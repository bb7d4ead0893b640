"""How the two copies of a sky compare that meet at each place, at the middle of their change."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.bands import CoarseBand
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import CELL, Lattice

F32 = NDArray[np.float32]

# Local means are taken over about this many cells (sigma).
WINDOW = 2.0
# Added to all moments, square levels: blank sky has no contrast to be kept.
FLOOR = 1.0


@dataclass(frozen=True)
class CrossfadeStatistics:
    """early, late, both: local second moments of the luma detail of the copies that meet, and of
    their product, square levels. difference: the root mean square difference of their luma,
    levels. All float32 on the lattice."""

    early: F32
    late: F32
    both: F32
    difference: F32


def crossfade_statistics(
    coarse: CoarseBand, drift: Drift, offsets: F32, lattice: Lattice
) -> CrossfadeStatistics:
    """Compares the copy that goes (half a period after its photo's place) with the one that
    comes (half a period before), each place at its own time."""
    early = _luma(coarse, drift.origins(offsets + np.float32(0.5)), lattice)
    late = _luma(coarse, drift.origins(offsets - np.float32(0.5)), lattice)

    def local(product: F32) -> F32:
        mean: F32 = cv2.GaussianBlur(lattice.reduce(product), (0, 0), WINDOW)
        return mean

    apart = early.detail + early.shape - late.detail - late.shape
    return CrossfadeStatistics(
        local(early.detail * early.detail),
        local(late.detail * late.detail),
        local(early.detail * late.detail),
        np.sqrt(local(apart * apart)),
    )


@dataclass(frozen=True)
class _Luma:
    detail: F32
    shape: F32


def _luma(coarse: CoarseBand, origins: F32, lattice: Lattice) -> _Luma:
    """The coarse luma of a copy, levels, float32 (h, w) each."""
    places = lattice.enlarge(origins - np.float32(0.5), CELL // 2)
    shown = cv2.remap(
        coarse.plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    detail, shape = (
        (shown[..., channel].astype(np.float32) - 128) * np.float32(2.0 ** -coarse.shifts[channel])
        for channel in (0, 3)
    )
    return _Luma(detail, shape)
