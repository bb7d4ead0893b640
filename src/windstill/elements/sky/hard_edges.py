"""What has hard edges in a sky that is all but clear: masts, wires, leaves, one small cloud."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Blur that hides grain (sigma, half-size pixels).
GRAIN = 0.8
# An edge is so steep at least, levels a pixel, and so many times as steep as nine tenths of its
# sky. Veils and overcast are at .5 to .85 there.
STEEP, STEEPER, USUAL = 2.0, 2.5, 90
# Edges this near to one another belong to one thing (share of the longer side).
GAP = 0.012
# So many pixels around it are partly of it.
AROUND = 5


def hard_edged(luma: U8, inside: Bool) -> Bool:
    """Where a soft sky holds something with hard edges, and what these enclose: bool (h, w).

    luma: uint8 (h, w), at half size. inside: bool (h, w), where it is sky.
    """
    if not inside.any():
        return np.zeros(luma.shape, bool)
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), GRAIN)
    across, down = (
        cv2.Sobel(smooth, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1))
    )
    steep = cv2.magnitude(across, down)
    usual = float(np.percentile(steep[inside], USUAL))
    edges = inside & (steep > max(STEEP, STEEPER * usual))
    side = max(3, round(GAP * max(luma.shape))) | 1
    closed = cv2.morphologyEx(
        edges.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)
    )
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros_like(closed), outlines, -1, 1, cv2.FILLED)
    around = cv2.dilate(filled, np.ones((AROUND, AROUND), np.uint8))
    return np.asarray(around > 0)
