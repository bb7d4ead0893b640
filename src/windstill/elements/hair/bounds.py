"""Keeping a periodic displacement from folding or smearing the picture, and from racing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.poses import farthest, steepest

F32 = NDArray[np.float32]

STRETCH = 0.33
"""Largest Frobenius norm of the displacement's gradient that still looks like hair."""
_HARD_LIMIT = 0.6


def bounded(basis: F32, weights: F32, rates: F32, cell: int, top_speed: float) -> F32:
    """`basis` with its amplitude lowered, smoothly, where a pose is too steep or moves too fast.

    rates: like `weights`, for the speed. top_speed: largest length of a displacement per rate.
    """
    for _ in range(2):
        fast = farthest(basis, rates) / top_speed
        excess = np.maximum(steepest(basis, weights, cell) / STRETCH, fast)
        if float(excess.max()) <= 1:
            return basis
        room = (1 / np.maximum(excess, 1)).astype(np.float32)
        lowered = cv2.erode(room, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
        basis = basis * cv2.GaussianBlur(lowered, (0, 0), 2.0)[None, :, :, None]
    left = max(
        float(steepest(basis, weights, cell).max()) / _HARD_LIMIT,
        float(farthest(basis, rates).max()) / top_speed,
    )
    return basis / np.float32(max(left, 1.0))
