"""The sky in still water: where a picture holds its own mirror image, and how water follows.

Where water is a mirror, a row of it shows the sky at the row as far above the shore, dimmed. So
what drifts there is what drifts above:

    water(now) = water(photo) + share * (sky(now) - sky(photo)), upside down,

with the share from the local regression of the water on what it mirrors (the guided filter's
coefficient: He et al. 2013, "Guided image filtering").
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Scene
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# The shore is looked for in a picture so large (its longer side), among these shares of the height,
# with so much of it on either side.
SMALL = 160
HIGHEST, LOWEST, LEAST_SIDE = 0.3, 0.9, 0.12
# What is coarser than this (sigma, share of that side) tells little: every landscape is brighter
# above than below.
COARSE = 0.05
# Correlation with the mirror image: of the whole, and in half of so many upright strips. Of 33
# pictures nobody chose, four mirrors have .60 to .90 and .71 to .90; of the others none more than
# .65 and .45.
WHOLE, STRIPS, HALF_OF_THEM = 0.55, 8, 0.6
# Far clouds may be mirrored about another row than the shore near by: by up to this share of the
# longer side, found in a picture so large. So much do they correlate, or they are not mirrored.
FINE, ELSEWHERE, CLOUDS = 480, 0.02, 0.55
# The share is found over this neighbourhood (share of the longer side); with this spread of the
# sky's luma, levels, it is half believed; and what is less than the last of these is none.
NEAR, DOUBT, LEAST = 0.04, 3.0, 0.2
# Water that is so many levels unlike its mirror image, of which the second is certain, is none.
UNLIKE = 8.0, 20.0
# If more than a tenth of it is so many levels unlike, ripples would tear what drifts.
MOST_OF_IT, RUFFLED = 90, 14.0
# It never gets darker or brighter than what mirrors the sky this near (share of the longer side).
BOUND = 0.04


@dataclass
class ReflectionLayer:
    """Water that follows the sky which is painted above it.

    region: the water. mirrored: what it mirrors, of the same shape, upside down. still: the photo
    there. luma_share, chroma_share: int16 (H, W) and (H/2, W/2), 0 to 256, how much of the sky's
    change the water shows. least, most: uint8 (H, W), the bounds of the water's luma.
    """

    region: Region
    mirrored: Region
    still: Planes
    luma_share: I16
    chroma_share: I16
    least: U8
    most: U8
    reach: float = 0.0

    def paint(self, frame: int, canvas: Planes) -> None:
        """See `windstill.elements.base.Layer`; the sky is already painted."""
        water, above = canvas.crop(self.region), canvas.crop(self.mirrored)
        luma = _moved(water.y, above.y, self.still.y, self.luma_share)
        np.copyto(water.y, cv2.min(cv2.max(luma, self.least), self.most))
        for target, now, still in (
            (water.u, above.u, self.still.u),
            (water.v, above.v, self.still.v),
        ):
            np.copyto(target, _moved(target, now, still, self.chroma_share))


def _moved(water: U8, above: U8, still: U8, share: I16) -> U8:
    """A plane of the water with a share of the sky's change."""
    change = cv2.subtract(cv2.flip(above, 0), still, dtype=cv2.CV_16S)
    dimmed = cv2.multiply(change, share, scale=1 / 256)
    return np.asarray(cv2.add(water, dimmed, dtype=cv2.CV_8U), np.uint8)


def reflection_of(scene: Scene) -> ReflectionLayer | None:
    """The water in which a scene's sky is mirrored; None unless that is certain."""
    shore = _shore(scene.planes.y)
    axis = None if shore is None else _axis_of_clouds(scene, shore)
    if axis is None:
        return None
    height, width = scene.planes.shape
    # Pairs of rows mirror pairs of rows, so that chroma does, too.
    middle = 2 * round(axis / 2)
    rows = min(middle, height - middle) & ~1
    water = Region(middle, 0, middle + rows, width)
    mirrored = Region(middle - rows, 0, middle, width)
    share = _share(scene, water, mirrored)
    if not share.any():
        return None
    half = cv2.resize(share, (width // 2, rows // 2), interpolation=cv2.INTER_AREA)
    luma_share, chroma_share = (np.rint(256 * each).astype(np.int16) for each in (share, half))
    above = scene.planes.crop(mirrored)
    still = Planes(*(np.ascontiguousarray(plane[::-1]) for plane in (above.y, above.u, above.v)))
    bounds = _bounds(scene.planes.y[water.luma], share, round(BOUND * max(height, width)))
    return ReflectionLayer(water, mirrored, still, luma_share, chroma_share, *bounds)


def _bounds(luma: U8, share: F32, reach: int) -> tuple[U8, U8]:
    """The least and the largest luma of what mirrors the sky near each pixel, and its own."""
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    mirrors = share > LEAST / 2
    least = cv2.erode(np.where(mirrors, luma, np.uint8(255)), kernel)
    most = cv2.dilate(np.where(mirrors, luma, np.uint8(0)), kernel)
    return cv2.min(least, luma), cv2.max(most, luma)


def _shore(luma: U8) -> float | None:
    """The row about which the lower part of a picture mirrors the upper one, in pixels."""
    scale = SMALL / max(luma.shape)
    detail = _detail(_resized(luma, scale))
    height = len(detail)
    best, found = WHOLE, None
    for last in range(round(2 * HIGHEST * height), round(2 * LOWEST * height)):
        above, below = _sides(detail, last)
        if len(above) > LEAST_SIDE * height:
            alike = _correlation(above, below)
            if alike > best:
                best, found = alike, last
    if found is None:
        return None
    above, below = _sides(detail, found)
    strips = zip(np.array_split(above, STRIPS, 1), np.array_split(below, STRIPS, 1), strict=True)
    if np.median([_correlation(one, other) for one, other in strips]) < HALF_OF_THEM:
        return None
    # Row r is mirrored to `found` - r; half-way between lies the shore.
    return float((found + 1) / 2 / scale)


def _axis_of_clouds(scene: Scene, shore: float) -> float | None:
    """The row about which the sky itself is mirrored, in pixels, near the shore's."""
    scale = FINE / max(scene.planes.shape)
    detail, matte = _detail(_resized(scene.planes.y, scale)), _resized(scene.mattes.sky, scale)
    first, away = round(2 * shore * scale) - 1, round(2 * ELSEWHERE * FINE)
    best, found = CLOUDS, None
    for last in range(first - away, first + away + 1):
        sky, water = _sides(matte, last)
        inside = (sky > 0.9) & (water < 0.1)
        if inside.sum() < FINE:
            continue
        above, below = (side[inside] - side[inside].mean() for side in _sides(detail, last))
        alike = _correlation(above, below)
        if alike > best:
            best, found = alike, last
    return None if found is None else float((found + 1) / 2 / scale)


def _resized(plane: NDArray[np.generic], scale: float) -> F32:
    size = max(2, round(plane.shape[1] * scale)), max(2, round(plane.shape[0] * scale))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _detail(luma: F32) -> F32:
    blurred = cv2.GaussianBlur(luma, (0, 0), COARSE * max(luma.shape))
    return np.asarray(luma - blurred, np.float32)


def _sides(picture: F32, last: int) -> tuple[F32, F32]:
    """The rows above the one that halves 0 to `last`, upside down, and those below."""
    rows = min((last + 1) // 2, len(picture) - 1 - last // 2)
    below = last // 2 + 1
    above = (last - 1) // 2 if last % 2 == 0 else last // 2
    return picture[above - rows + 1 : above + 1][::-1], picture[below : below + rows]


def _correlation(one: F32, other: F32) -> float:
    product = float((one * other).sum())
    return product / (float(np.sqrt((one**2).sum() * (other**2).sum())) + 1e-6)


def _share(scene: Scene, water: Region, mirrored: Region) -> F32:
    """How much of the sky's change each pixel of the water shows, float32 (H, W) in [0, 1]."""
    height, width = water.shape
    scale = min(FINE / max(height, width), 1)
    size = max(2, round(width * scale)), max(2, round(height * scale))

    def small(plane: NDArray[np.generic], region: Region) -> F32:
        found = cv2.resize(plane[region.luma], size, interpolation=cv2.INTER_AREA)
        return np.asarray(found, np.float32)

    sky = small(scene.planes.y, mirrored)[::-1]
    seen = small(scene.planes.y, water)
    sigma = NEAR * max(size)

    def mean(plane: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)

    sky_mean, seen_mean = mean(sky), mean(seen)
    variance = np.maximum(mean(sky * sky) - sky_mean * sky_mean, 0)
    slope = (mean(sky * seen) - sky_mean * seen_mean) / (variance + DOUBT**2)
    unlike = np.abs(seen - seen_mean - slope * (sky - sky_mean))
    mattes = scene.mattes.sky
    mirror = small(mattes, mirrored)[::-1] * (1 - small(mattes, water))
    seen_there = unlike[(slope > LEAST) & (mirror > 0.9)]
    if not seen_there.size or np.percentile(seen_there, MOST_OF_IT) > RUFFLED:
        return np.zeros((height, width), np.float32)
    believed = 1 - np.clip((unlike - UNLIKE[0]) / (UNLIKE[1] - UNLIKE[0]), 0, 1)
    share = np.clip(slope, 0, 1) * (slope > LEAST) * believed * mirror
    soft = cv2.GaussianBlur(np.asarray(share, np.float32), (0, 0), sigma / 4)
    large: F32 = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(large, 0, 1)
