"""How soft a sky is: whether anybody would see its copies change.

Two copies that change lie a way apart. In a sky of hard edges both are seen; in a soft one they
differ by little, and one may come from elsewhere on purpose.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import CELL, Lattice

F32 = NDArray[np.float32]

# Differences are taken as means over about so many cells (sigma).
WINDOW = 2.0
# Looked at is a way of this share of the longer side, whatever the wind's strength.
WAY = 0.04
# A sky is soft if all but a tenth of it differs by less than the first, in levels; from the second
# on it is not soft at all.
SOFT, HARD = 15.5, 17.5
MOST_OF_IT = 90


def softness_of(luma: F32, known: F32, drift: Drift, step: float, lattice: Lattice) -> float:
    """How soft a sky is, in [0, 1].

    luma: float32 (h, w), what moves of it, at half size. known: float32 (h, w), 1 where it is
    sky. step: how far the fast part of the sky goes in a period, as a share of the frame's longer
    side.
    """
    cells = lattice.reduce(np.ascontiguousarray(luma))
    sky = lattice.reduce(known)
    weight = np.maximum(cv2.GaussianBlur(sky, (0, 0), WINDOW), np.float32(0.1))
    # Positions in cells, of which the first is half a cell outside the region.
    places = drift.base / np.float32(CELL) + np.float32(lattice.rim - 0.5 + 0.5 / CELL)
    speed = cv2.magnitude(*cv2.split(drift.coefficients[0]))
    half = speed * np.float32(WAY / step / 2 / CELL)
    # Along both axes, so that it is the same in any wind.
    apart = np.zeros_like(cells)
    for axis in (0, 1):
        way = np.zeros_like(places)
        way[..., axis] = half
        early, late = (
            cv2.remap(cells, each, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            for each in (places - way, places + way)
        )
        apart += (early - late) ** 2 / 2
    found = np.sqrt(cv2.GaussianBlur(apart * sky, (0, 0), WINDOW) / weight)[sky > 0.5]
    if not found.size:
        return 0.0
    most = float(np.percentile(found, MOST_OF_IT))
    return float(np.clip((HARD - most) / (HARD - SOFT), 0, 1))
