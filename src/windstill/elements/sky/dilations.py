"""The shape of a sky's clouds, dilated in steps, by which one copy of it turns into another.

Let f be the cloud cover of the copy that goes and g of the one that comes. At a moment of the
change

    shown = max(min(f, dilate(g, r)), min(g, dilate(f, r')))

with r falling from the copies' distance to 0, and r' rising from 0 to it (morphological
interpolation by geodesic dilations; Serra 1998, "Hausdorff distances and interpolations", for the
binary case). So what only f covers erodes towards g, and what only g covers grows out of f: clouds
are whole at every moment.
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
"""Planes: the cover itself, and dilated by 1, 2 ... steps."""
# Samples of the plane that one step dilates by.
STEP = 2
# Blur before dilating (sigma, samples): grain would grow to spots.
SMOOTH = 0.7
# The gradient of luma a sample, by a Sobel operator.
SOBEL = 1 / 8
# What a place without an edge weighs, square levels a sample: where there are no edges, the
# threshold is the mean.
FLAT = 0.01
# Where on its edge's ramp, of -1/2 to 1/2, a cloud begins and is whole. Below the middle: what goes
# is to take its faint rim along.
EDGE = -0.375, 0.125
# Dilated once by a disc of radius STEP.
_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * STEP + 1, 2 * STEP + 1))
# No finer than half the luma's size (samples a luma pixel).
FINEST = 0.5


@dataclass(frozen=True)
class Dilations:
    """planes: uint8 (h, w, LEVELS). scale: samples a luma pixel. unit: levels of contrast a unit.
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


def cloud_cover(luma: F32, sigma: float) -> F32:
    """How far into a cloud each place is, float32 (h, w): from 0 in the sky to the contrast of the
    cloud's edge, levels, within it.

    Both sides of an edge are levelled: what a cloud holds within is not to erode by itself, nor is
    haze around it. The threshold between them and the contrast are those of the edges nearby, each
    place weighing by the square of its gradient (a threshold surface from the edges: Yanowitz and
    Bruckstein 1989, "A new method for image segmentation"). luma: float32 (h, w), of clouds
    brighter than their sky. sigma: how far edges are looked for, pixels.
    """
    across, down = (cv2.Sobel(luma, cv2.CV_32F, dx, dy, scale=SOBEL) for dx, dy in ((1, 0), (0, 1)))
    weight = across * across + down * down + np.float32(FLAT)
    total = wide_blur(weight, sigma)
    threshold = wide_blur(weight * luma, sigma) / total
    variance = wide_blur(weight * luma * luma, sigma) / total - threshold * threshold
    # A straight ramp of luma is as wide as the root of twelve times its variance.
    contrast = np.sqrt(12 * np.maximum(variance, 0))
    lowest, highest = EDGE
    ramp = (luma - threshold - lowest * contrast) / ((highest - lowest) * contrast + 1)
    cover: F32 = contrast * np.clip(ramp, 0, 1)
    return cover


def dilations_of(luma: F32, reach: float, surroundings: float, *, dark: bool) -> Dilations:
    """The dilations of the clouds in a half-size luma, float32 (h, w), that reach `reach` luma
    pixels.

    surroundings: how far the edges of clouds are looked for (sigma), luma pixels. dark: clouds are
    darker than their sky.
    """
    scale = min(STEP * (LEVELS - 1) / max(reach, 1e-6), FINEST)
    height, width = (max(2, round(2 * side * scale)) for side in luma.shape)
    shape = cv2.resize(-luma if dark else luma, (width, height), interpolation=cv2.INTER_AREA)
    shape = cv2.GaussianBlur(shape, (0, 0), SMOOTH)
    shape = cloud_cover(shape, surroundings * scale)
    least, most = float(shape.min()), float(shape.max())
    unit = max((most - least) / 255, 1e-3)
    plane = np.rint((shape - np.float32(least)) / np.float32(unit)).astype(np.uint8)
    planes = [plane]
    for _ in range(LEVELS - 1):
        planes.append(cv2.dilate(planes[-1], _DISC))
    return Dilations(cv2.merge(planes), scale, unit, reach * scale / STEP, dark)
