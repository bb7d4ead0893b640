"""Clothes that a matte takes for hair: their outline looks up, below the chin."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.scalp import Head

F32 = NDArray[np.float32]

_SMOOTH = 0.06
"""In head sizes: bumps of the outline that are smaller have no direction."""
_LEANING, _LEVEL = 0.75, 0.9
"""Cosines to the vertical of an outline that hangs, and of one that lies."""


def shoulders(hair: F32, centres: F32, heads: list[Head], cell: int) -> F32:
    """How surely the outline near each cell is that of a shoulder, float32 (H, W) in [0, 1].

    hair: matte on the grid. centres: positions of its cells, in the pixels of `heads`. cell:
    pixels. Hair hangs, so below the chin its outline looks down or aside; a shoulder's looks up.
    """
    sigma = _SMOOTH * heads[0].size / cell
    smooth = cv2.GaussianBlur(hair, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    gx, gy = (cv2.Sobel(smooth, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1)))
    steep = np.hypot(gx, gy)
    up_x, up_y = heads[0].up
    level = -(gx * up_x + gy * up_y) / np.maximum(steep, np.float32(1e-6))
    lying = np.clip((level - _LEANING) / (_LEVEL - _LEANING), 0, 1)
    plain = np.minimum(steep * np.float32(4 * sigma), 1)
    below = np.logical_and.reduce([head.below_it(centres) for head in heads])
    return np.asarray(lying * plain * below, np.float32)
