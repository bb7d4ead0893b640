"""Stars, star trails, the Milky Way and northern lights: no wind moves them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# A star, and a trail across its way, is narrower than a median of this side (half-size pixels)
# keeps. It is this many levels brighter than that median where stars are counted, and so many
# times the range of the median around it, which the crests of clouds are not.
MEDIAN = 5
COUNTED, ABOVE_RANGE = 8, 1.5
# Where stars are known to be, fainter ones belong to them.
FAINTEST = 3
# The sky between stars is darker than this (luma; around a Milky Way in moonlight it was 130), in
# so much of it at least.
DUSK = 135
LEAST_DARK = 0.05
# Nothing this near the matte's border (share of the longer side) counts: lamps, masts and twigs.
AWAY = 0.012
# A sky is starry if so many tiles, of this share of the longer side, hold bright points, and so
# many times as many as hold dark ones. Grain and clouds make either equally often. (With these
# rules 6 of 6 starry skies had 11 to 360 tiles and at least 52 times as many, 130 others at
# most 77 and 6 times as many.)
TILE, FEWEST, TIMES = 0.025, 8, 8
# Where so many stars lie within this share of the longer side, no cloud hides them. If that is
# this share of the sky, what else is bright is the Milky Way, or haze over the horizon.
NEAR, SEVERAL = 0.04, 3
NEARLY_ALL = 2 / 3
# Northern lights: the brightest fifth of the sky has so many levels less of U and of V than the
# darkest two fifths, so it is greener. Clouds in lamp light have more of V, dawn has more of one.
GREENER = 4.0
BRIGHTEST, DARKEST = 80, 40


def starry_sky(half: U8, inside: Bool) -> Bool | None:
    """Where a sky stands still because stars show in it; None if it is not starry.

    half: uint8 (h, w, 3), Y, U, V. inside: bool (h, w), where it is sky. The answer holds the
    stars, the open sky where they are dense, and everything if there are northern lights.
    """
    luma = np.ascontiguousarray(half[..., 0])
    sky = cv2.medianBlur(luma, MEDIAN)
    dark = inside & (sky < DUSK)
    if dark.sum() < LEAST_DARK * inside.sum():
        return None
    longer = max(luma.shape)
    away = 2 * max(2, round(AWAY * longer)) + 1
    core = cv2.erode(inside.astype(np.uint8), _square(away), borderType=cv2.BORDER_REPLICATE)
    counted = dark & (core > 0)
    calm = _range(sky)
    brighter, darker = cv2.subtract(luma, sky), cv2.subtract(sky, luma)
    tile = max(4, round(TILE * longer))
    stars, opposites = (
        _occupied(hat, (hat > COUNTED) & (hat > calm) & counted, tile) for hat in (brighter, darker)
    )
    if stars < max(FEWEST, TIMES * opposites):
        return None
    if _are_northern_lights(half, inside):
        return inside
    points = (brighter > FAINTEST) & (brighter > calm) & inside
    dips = (darker > FAINTEST) & (darker > calm) & inside
    # Light beside a pole or a twig, which is dark, is no star.
    poles = cv2.dilate((darker > COUNTED).astype(np.uint8), _square(2 * MEDIAN - 1)) > 0
    field = _field(_centres(points & (core > 0) & ~poles) - _centres(dips)) & inside
    if field.sum() > NEARLY_ALL * inside.sum():
        return inside
    grown: Bool = cv2.dilate(points.astype(np.uint8), _square(MEDIAN)) > 0
    return (grown | field) & inside


def bright_points(luma: U8, brightness: float, darkness: float) -> Bool:
    """Points that are so many levels brighter than their surroundings, where these are darker than
    `darkness`: bool (h, w). luma: uint8 (h, w), of half the size."""
    sky = cv2.medianBlur(luma, MEDIAN)
    brighter = cv2.subtract(luma, sky)
    return np.asarray((brighter > brightness) & (brighter > _range(sky)) & (sky < darkness))


def _are_northern_lights(half: U8, inside: Bool) -> bool:
    """Whether the bright parts of a night sky, bool (h, w), are greener than its dark parts."""
    luma, u, v = (half[..., channel][inside].astype(np.float32) for channel in range(3))
    low, high = np.percentile(luma, (DARKEST, BRIGHTEST))
    bright, dark = luma >= high, luma <= low
    fall = min(float(plane[dark].mean() - plane[bright].mean()) for plane in (u, v))
    return fall > GREENER


def _range(sky: U8) -> F32:
    """How much brighter than a median a point has to be, given that median."""
    found = cv2.subtract(cv2.dilate(sky, _square(MEDIAN)), cv2.erode(sky, _square(MEDIAN)))
    return np.asarray(found.astype(np.float32) * np.float32(ABOVE_RANGE))


def _peaks(hat: U8, mask: Bool) -> Bool:
    """The largest values of `hat` within MEDIAN pixels that lie in `mask`."""
    return np.asarray((hat == cv2.dilate(hat, _square(MEDIAN))) & mask)


def _centres(mask: Bool) -> F32:
    """In the middle of each group of pixels how many points long it is, float32 (h, w)."""
    found = np.zeros(mask.shape, np.float32)
    _, _, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    columns, rows = np.rint(centres[1:].T).astype(int)
    found[rows, columns] = np.maximum(stats[1:, 2:4].max(axis=1) / MEDIAN, 1)
    return found


def _occupied(hat: U8, mask: Bool, tile: int) -> int:
    """How many square tiles hold a peak."""
    rows, columns = np.nonzero(_peaks(hat, mask))
    return len(np.unique(rows // tile * hat.shape[1] + columns // tile))


def _field(stars: F32) -> Bool:
    """Where stars are so dense that nothing hides them. stars: their number, less dark points'."""
    side = round(2 * NEAR * max(stars.shape)) | 1
    around = cv2.blur(stars, (side, side), borderType=cv2.BORDER_REFLECT)
    dense = (around * side**2 > SEVERAL - 0.5).astype(np.uint8)
    # Between such places, too.
    closed = cv2.morphologyEx(dense, cv2.MORPH_CLOSE, _square(side))
    return np.asarray(closed > 0)


def _square(side: int) -> U8:
    return np.ones((side, side), np.uint8)
