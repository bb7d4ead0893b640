"""Balloons, kites, near birds, clusters of leaves: compact, of a colour that their sky has not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.open_sky_colours import OpenSkyColours

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# They are so many levels darker than the sky around them, or their U or V is so many levels off
# the sky's median.
DARKER, COLOURFUL = 35, 22
# Near their outline is a step so steep: levels in three pixels, as a share of that difference.
HARD = 0.8
# They cover so many pixels, and no more than this share of the sky.
SMALLEST, LARGEST = 12, 0.01
# What is blue (its U larger, its V smaller than these) is clear sky between clouds.
BLUE_U, BLUE_V = 133, 126
# (With these rules 139 of 148 red discs, 138 yellow and 114 black ones, of 3.6 % of the longer
# side, were found in photos of skies, the others mostly in skies as dark; of these skies at most
# 0.8 % was held in vain, of drawings 1.4 %.)


def compact_objects(half: U8, inside: Bool, around: U8, colours: OpenSkyColours) -> Bool:
    """Where such objects are: bool (h, w).

    half: uint8 (h, w, 3), Y, U, V. inside: bool (h, w), where it is sky. around: uint8 (h, w),
    see `surroundings`. colours: of this sky.
    """
    square = np.ones((3, 3), np.uint8)
    smooth = cv2.blur(half, (3, 3))
    darker = cv2.subtract(around, cv2.extractChannel(smooth, 0))
    colour = cv2.max(*(_off(cv2.extractChannel(smooth, plane), inside) for plane in (1, 2)))
    blue = (smooth[..., 1] > BLUE_U) & (smooth[..., 2] < BLUE_V)
    odd = ((darker > DARKER) | (colour > COLOURFUL)) & inside & ~blue
    odd &= colours.lack(half, odd)
    if not odd.any():
        return np.zeros(odd.shape, bool)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(odd.astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA]
    edge = odd & (cv2.erode(odd.astype(np.uint8), square) == 0)
    y, u, v = cv2.split(cv2.dilate(cv2.morphologyEx(half, cv2.MORPH_GRADIENT, square), square))

    def mean(values: U8, where: Bool) -> F64:
        sums = np.bincount(labels[where], values[where], count)
        return np.asarray(sums / np.maximum(np.bincount(labels[where], minlength=count), 1))

    holds = np.zeros(count, bool)
    for off, least, steep in ((darker, DARKER, y), (colour, COLOURFUL, cv2.max(u, v))):
        difference = mean(off, odd)
        holds |= (difference > least) & (mean(steep, edge) > HARD * difference)
    holds &= (area >= SMALLEST) & (area < LARGEST * inside.sum())
    holds[0] = False
    return np.asarray(cv2.dilate(holds[labels].astype(np.uint8), square) > 0)


def _off(plane: U8, inside: Bool) -> U8:
    """By how much a plane differs from its median inside."""
    counts = np.bincount(plane[inside], minlength=256)
    median = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    return np.asarray(cv2.absdiff(plane, np.full_like(plane, median)))
