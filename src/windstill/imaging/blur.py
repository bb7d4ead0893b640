"""Blurs so wide that they need not be worked out at full size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

# A blur of this many pixels (sigma) is still exact enough where it is worked out.
NARROWEST = 3


def wide_blur(picture: F32, sigma: float) -> F32:
    """A Gaussian blur of a picture, float32 (H, W) or (H, W, C), computed at a size where it is
    narrow. sigma: pixels. Edges are mirrored."""
    factor = max(1, int(sigma / NARROWEST))
    size = max(2, picture.shape[1] // factor), max(2, picture.shape[0] // factor)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(
        small, (0, 0), max(sigma / factor, 0.5), borderType=cv2.BORDER_REFLECT_101
    )
    large: F32 = cv2.resize(blurred, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return large
