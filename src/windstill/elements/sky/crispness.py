"""Making the moving sky as detailed as the photo: no softer, and no harsher."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.layer import SkyLayer
from windstill.imaging.planes import Planes

# Frames looked at, as parts of the loop; few, as each costs a frame's painting.
MOMENTS = (0.15, 0.4, 0.8)
LEAST, MOST = -0.12, 0.12
# Blur that hides grain, pixels.
GRAIN = 0.8


def even_crispness(layer: SkyLayer, still: Planes) -> float:
    """The layer's `crispness` at which its detail equals the photo's, on average over the loop.

    Detail is the variance of the Laplacian inside the matte. How much of it comes back depends on
    the photo: what is parted into bands, moved and rounded again may gain or lose some.
    """
    region = layer.region
    inside = layer.luma_matte > 250
    before = _detail(still.y[region.luma], inside)
    if before <= 0:
        return layer.crispness
    canvas = still.copy()
    after = []
    for moment in MOMENTS:
        canvas.copy_from(still)
        layer.paint(round(moment * layer.frames), canvas)
        after.append(_detail(canvas.y[region.luma], inside))
    raised = (1 + layer.crispness) * np.sqrt(before / max(float(np.mean(after)), 1e-6))
    return float(np.clip(raised - 1, LEAST, MOST))


def _detail(luma: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    # In float: rounding the blur to levels would hide faint detail, and add noise of its own.
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), GRAIN)
    edges = cv2.Laplacian(smooth, cv2.CV_32F)[inside]
    return float(edges.var()) if edges.size else 0.0
