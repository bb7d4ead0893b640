"""Where edges of something else run behind hair, and how far hair may travel there.

A completed edge is sharp and straight for a few pixels only; hair that uncovers more of it than
that shows a collar, a necklace or a column that breaks off.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]

_SIGMA = 2.0
"""Pixels at half size: finer lines are strands of hair."""
_STEP = 2.5
"""A steepest gradient times this and sigma is the height of a blurred step (sqrt(2 pi))."""
_FAINT, _PLAIN = 14.0, 32.0
"""Levels of a step that nobody follows, and that everybody does."""
_COLOURS = 2.0
"""How much more a level of U or V counts than one of Y."""
STARK = 3.0
"""The most that doubt counts, where 1 is what everybody sees."""
_FROM, _TO = 3.0, 0.06
"""Pixels beside the matte from which edges are looked for, and head sizes up to which."""
_NEAR, _FADE = 0.05, 0.025
"""In head sizes: hair so near to an edge's end is held back, and over which that fades."""


def crossings_of(planes: Planes, hair: F32, head_size: float) -> F32:
    """Where edges of something else run into the outline of hair, float32 (H, W) from 0 to `STARK`.

    hair: matte, float32 at the luma's size. head_size: pixels. 1 is an edge that everybody
    sees.
    """
    size = planes.u.shape[::-1]
    covered = cv2.resize(hair, size, interpolation=cv2.INTER_AREA) > 0
    away = 2 * cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5)
    outward = cv2.GaussianBlur(away, (0, 0), _SIGMA)
    nx, ny = (cv2.Sobel(outward, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    length = np.hypot(nx, ny) + np.float32(1e-3)
    luma = cv2.resize(planes.y, size, interpolation=cv2.INTER_AREA)
    step = np.zeros_like(away)
    for plane, weight in ((luma, 1.0), (planes.u, _COLOURS), (planes.v, _COLOURS)):
        smooth = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), _SIGMA)
        gx, gy = (cv2.Sobel(smooth, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1)))
        np.maximum(step, weight * np.abs(gy * nx - gx * ny) / length, out=step)
    step *= np.float32(_STEP * _SIGMA)
    step[(away < _FROM) | (away > max(_TO * head_size, 2 * _FROM))] = 0
    plain = np.clip((step - _FAINT) / (_PLAIN - _FAINT), 0, STARK)
    side = 2 * max(1, round(_NEAR * head_size / 2)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    near = cv2.dilate(plain, disc)
    near = cv2.GaussianBlur(near, (0, 0), max(1.0, _FADE * head_size / 2))
    whole: F32 = cv2.resize(near, hair.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return whole
