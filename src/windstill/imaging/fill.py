"""Completing a picture where it is unknown, smoothly, by push-pull over an image pyramid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def push_pull(values: F32, weight: F32) -> F32:
    """`values` completed where `weight` is 0.

    values: float32 (H, W) or (H, W, C), any range. weight: float32 (H, W) in [0, 1], how well
    each pixel is known. Known pixels (weight 1) come back unchanged; unknown ones get a smooth
    blend of the nearest known ones (Gortler et al. 1996, section 3.3.3). If nothing is known the
    result is 0.
    """
    if values.ndim == 3:
        channels = [push_pull(np.ascontiguousarray(c), weight) for c in np.moveaxis(values, 2, 0)]
        return np.stack(channels, axis=2)
    sums, weights = [values * weight], [weight]
    while min(sums[-1].shape) > 1 and max(sums[-1].shape) > 2:
        sums.append(cv2.pyrDown(sums[-1]))
        weights.append(cv2.pyrDown(weights[-1]))
    filled = _normalised(sums[-1], weights[-1], float(values.dtype.type(0)))
    for total, known in zip(reversed(sums[:-1]), reversed(weights[:-1]), strict=True):
        coarse = cv2.pyrUp(filled, dstsize=(total.shape[1], total.shape[0]))
        # At coarse levels the smoothed weight says how much of a cell is known.
        share = np.minimum(known, 1.0) if known is weight else np.minimum(known * 4.0, 1.0)
        filled = coarse + share * (_normalised(total, known, 0.0) - coarse)
    return filled.astype(np.float32, copy=False)


def _normalised(total: F32, weight: F32, fallback: float) -> F32:
    known = weight > 1e-4
    return np.where(known, total / np.maximum(weight, 1e-4), np.float32(fallback))
