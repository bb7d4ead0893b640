"""The shape of a sky's clouds, dilated in steps, by which one copy of it turns into another.

Let f be the luma of the copy that goes and g of the one that comes. At a moment of the change

    shown = max(min(f, dilate(g, r)), min(g, dilate(f, r')))

with r falling from the copies' distance to 0, and r' rising from 0 to it (morphological
interpolation by geodesic dilations; Serra 1998, "Hausdorff distances and interpolations", for the
binary case). So at every level of brightness, what only f covers erodes towards g, and what only g
covers grows out of f: clouds are whole at every moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.blur import wide_blur

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

LEVELS = 8
"""Planes: the shape itself, and dilated by 1, 2 ... steps."""
# Samples of the plane that one step dilates by.
STEP = 2
# Blur before dilating (sigma, samples): grain would grow to spots.
SMOOTH = 0.7
# A cloud's rim, which blurring makes fainter, and which nodes half a cell apart can't tell from
# the sky beside it, luma pixels.
RIM = 6
# Dilated once by a disc of radius STEP.
_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * STEP + 1, 2 * STEP + 1))
# No finer than half the luma's size (samples a luma pixel).
FINEST = 0.5


@dataclass(frozen=True)
class Dilations:
    """planes: uint8 (h, w, LEVELS). scale: samples a luma pixel. unit: levels of luma a unit.
    steps: how many of the dilations it takes to reach as far as was asked for. dark: whether they
    are of the negative."""

    planes: U8
    scale: float
    unit: float
    steps: float
    dark: bool


def clouds_are_dark(luma: F32, known: F32, sigma: float) -> bool:
    """Whether what stands out from its surroundings is rather darker than they are.

    luma: float32 (h, w). known: float32 (h, w), 1 where it is sky. sigma: how wide the surroundings
    are, pixels.
    """
    apart = (luma - wide_blur(luma, sigma))[known > 0.5]
    return bool(apart.size and float((apart**3).mean()) < 0)


def dilations_of(luma: F32, reach: float, *, dark: bool = False) -> Dilations:
    """The dilations of a half-size luma, float32 (h, w), that reach `reach` luma pixels.

    dark: of its negative.
    """
    scale = min(STEP * (LEVELS - 1) / max(reach, 1e-6), FINEST)
    height, width = (max(2, round(2 * side * scale)) for side in luma.shape)
    shape = cv2.resize(-luma if dark else luma, (width, height), interpolation=cv2.INTER_AREA)
    shape = cv2.GaussianBlur(shape, (0, 0), SMOOTH)
    least, most = float(shape.min()), float(shape.max())
    unit = max((most - least) / 255, 1e-3)
    plane = np.rint((shape - np.float32(least)) / np.float32(unit)).astype(np.uint8)
    # A little more than the cloud, so that its rim goes with it.
    side = 2 * int(np.ceil(RIM * scale)) + 1
    planes = [cv2.dilate(plane, np.ones((side, side), np.uint8))]
    for _ in range(LEVELS - 1):
        planes.append(cv2.dilate(planes[-1], _DISC))
    return Dilations(cv2.merge(planes), scale, unit, reach * scale / STEP, dark)
