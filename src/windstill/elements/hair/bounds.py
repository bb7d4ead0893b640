"""Keeping a periodic displacement from folding or smearing the picture, and from racing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.sway import weighted_sum

F32 = NDArray[np.float32]

STRETCH = 0.35
"""Largest Frobenius norm of the displacement's gradient that still looks like hair."""
_HARD_LIMIT = 0.6


def steepest(basis: F32, weights: F32, cell: int) -> F32:
    """Over all poses, the largest Frobenius norm of the displacement's gradient in each cell.

    basis: float32 (T, H, W, 2), pixels. weights: float32 (P, T), one row a pose. cell: pixels. The
    gradient is that of one-sided differences, of which bilinear enlargement consists, so no
    enlarged displacement is steeper.
    """
    right = np.diff(basis, axis=2, append=basis[:, :, -1:])
    down = np.diff(basis, axis=1, append=basis[:, -1:])
    return _largest(np.concatenate([right, down], axis=3), weights) / np.float32(cell)


def farthest(basis: F32, weights: F32) -> F32:
    """Over all poses, the largest length of the displacement in each cell, float32 (H, W)."""
    return _largest(basis, weights)


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


def _largest(basis: F32, weights: F32) -> F32:
    """Largest length over all poses of the vectors along the last axis, (H, W)."""
    count, height, width, size = basis.shape
    flat = np.ascontiguousarray(basis.transpose(0, 3, 1, 2)).reshape(count, -1)
    worst = np.zeros(height * width, np.float32)
    for row in weights:
        vectors = weighted_sum(row, flat).reshape(size, -1)
        np.maximum(worst, np.einsum("ij,ij->j", vectors, vectors), out=worst)
    return np.sqrt(worst).reshape(height, width)
