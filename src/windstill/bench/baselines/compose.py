"""What the baselines share: planes as float pictures, and pasting by a matte."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]


def picture(planes: Planes) -> F32:
    """Planes as one float32 (H, W, 3) picture, chroma enlarged linearly."""
    size = planes.shape[::-1]
    chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in _chroma(planes)]
    return np.asarray(cv2.merge([planes.y, *chroma]), np.uint8).astype(np.float32)


def pasted(still: F32, moved: F32, matte: F32) -> Planes:
    """matte * moved + (1 - matte) * still, as planes."""
    mixed = np.rint(still + matte[..., None] * (moved - still)).clip(0, 255).astype(np.uint8)
    half = mixed.shape[1] // 2, mixed.shape[0] // 2
    luma, *chroma = cv2.split(mixed)
    u, v = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in chroma)
    return Planes(np.asarray(luma, np.uint8), np.asarray(u, np.uint8), np.asarray(v, np.uint8))


def _chroma(planes: Planes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return planes.u, planes.v
