"""How alike the preview's motion and the video's are."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def psnr(one: U8, other: U8, where: Mask) -> float:
    """Peak signal-to-noise ratio, dB, at most 100."""
    error = (one.astype(np.float64) - other)[where]
    return float(10 * np.log10(255**2 / max(float((error**2).mean()), 255**2 * 1e-10)))


class Likeness(NamedTuple):
    """direction: cosine between two motions. amplitude: how much larger the first one is."""

    direction: float
    amplitude: float


def likeness(one: tuple[U8, U8], other: tuple[U8, U8], where: Mask) -> Likeness:
    """Compares the optical flows of two pairs of frames, where the second one's moves at all."""
    mine, theirs = _flow(*one)[where], _flow(*other)[where]
    moving = np.hypot(theirs[:, 0], theirs[:, 1]) > 0.3
    mine, theirs = mine[moving], theirs[moving]
    common, own, whole = (float((a * b).sum()) for a, b in
                          ((mine, theirs), (mine, mine), (theirs, theirs)))  # fmt: skip
    return Likeness(common / np.sqrt(own * whole), np.sqrt(own / whole))


def _flow(before: U8, after: U8) -> NDArray[np.float32]:
    """Optical flow, float32 (H, W, 2) (Farneback 2003)."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after)]
    return cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 4, 21, 5, 7, 1.5, 0)
