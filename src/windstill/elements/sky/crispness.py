"""Keeping the moving sky as detailed as the photo, all through the loop."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.layer import SkyLayer
from windstill.imaging.planes import Planes

# Moments of the loop that are looked at; few, as each costs a frame's painting.
MOMENTS = 8
LEAST, MOST = -0.15, 0.25
# Blur that hides grain, pixels.
GRAIN = 0.8

F32 = NDArray[np.float32]


def even_crispness(layer: SkyLayer, still: Planes) -> F32:
    """The layer's `crispness` at which its detail equals the photo's at every moment.

    Detail is the variance of the Laplacian inside the matte. How much of it comes back depends on
    the photo and the moment: what is parted into bands, moved, blended and rounded again may gain
    or lose some. Returns float32 (MOMENTS,), for moments spread evenly over the loop.
    """
    region = layer.region
    inside = layer.luma_matte > 250
    before = _detail(still.y[region.luma], inside)
    if before <= 0:
        return layer.crispness
    canvas = still.copy()
    found = np.empty(MOMENTS, np.float32)
    for moment in range(MOMENTS):
        canvas.copy_from(still)
        layer.paint_at((moment + 0.5) / MOMENTS, canvas)
        after = _detail(canvas.y[region.luma], inside)
        raised = 1 + layer.crispness_at((moment + 0.5) / MOMENTS)
        found[moment] = raised * np.sqrt(before / max(after, 1e-6)) - 1
    return np.clip(found, np.float32(LEAST), np.float32(MOST))


def _detail(luma: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    # In float: rounding the blur to levels would hide faint detail, and add noise of its own.
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), GRAIN)
    edges = cv2.Laplacian(smooth, cv2.CV_32F)[inside]
    return float(edges.var()) if edges.size else 0.0
