"""How bright the sky around each pixel is, without what is small in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]

# The median in a square of this share of the longer side, at a quarter of the size.
AROUND, COARSER = 0.2, 4
# `medianBlur` takes up to this many pixels.
LARGEST = 255


def surroundings(luma: U8, inside: NDArray[np.bool_]) -> U8:
    """The median luma of the sky around each pixel: uint8 (h, w).

    luma: uint8 (h, w). inside: bool (h, w), where it is sky.
    """
    height, width = luma.shape
    size = max(1, width // COARSER), max(1, height // COARSER)
    share = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    seen = np.where(inside, luma, np.uint8(0)).astype(np.float32)
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA) / np.maximum(share, 0.01)
    middle = np.float32(np.median(luma[inside]) if inside.any() else 0)
    known = np.where(share > 0.5, small, middle).astype(np.uint8)
    side = min(max(3, round(AROUND * max(size))) | 1, LARGEST)
    around = cv2.resize(cv2.medianBlur(known, side), (width, height))
    return np.asarray(around, np.uint8)
