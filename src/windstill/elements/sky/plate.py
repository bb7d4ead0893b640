"""What the sky can be behind everything that stands in front of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import alike

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# What stands in front of the sky, and the sky itself, have the colours found this near (share of
# the longer side), or nearly (levels).
FRONT_REACH = 0.03
SKY_REACH = 0.06
SLACK = 8.0
# Where the matte is surest, this much of a pixel may still be what stands in front.
LEAST_FRONT = 0.15
# Less than any value.
NOWHERE = -10_000


def confident(matte: F32, shrink: int) -> F32:
    """Where the matte, float32 (H, W), is surely sky and not near anything else: 1, else 0.

    shrink: pixels kept from the border, less if the sky is so narrow that little would be left.
    """
    sure = (matte > 0.98).astype(np.uint8)
    for radius in range(shrink, 0, -1):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        inner = cv2.erode(sure, kernel, borderType=cv2.BORDER_REPLICATE)
        if inner.sum() > 0.4 * sure.sum():
            sure = inner
            break
    certain: F32 = sure.astype(np.float32)
    return certain


def possible(seen: F32, matte: I16, known: F32) -> tuple[F32, F32]:
    """The least and the largest that the sky can be, so that the photo can be made of it.

    seen: float32 (h, w, C), the photo. matte: int16 (h, w), 0 to 256, how much the sky is to show.
    known: float32 (h, w), 1 where the photo is surely sky. The answers are like `seen`.

    The sky S that a pixel P = a S + (1 - a) F shows in part follows from the colour F in front.
    F is one of those that surely stand in front nearby, which bounds S; where there are none
    the pixel is sky. What is like no sky nearby is none, whatever the matte says.
    """
    lowest, highest = _near(seen, matte == 0, FRONT_REACH, nothing=(np.inf, -np.inf))
    sky = np.clip(seen, *_near(seen, known > 0.5, SKY_REACH, nothing=(-np.inf, np.inf)))
    front = np.maximum(1 - matte.astype(np.float32) / 256, np.float32(LEAST_FRONT))
    odds = alike(front / np.maximum(1 - front, np.float32(1e-3)))
    least = sky - odds * np.maximum(highest - seen, 0)
    most = sky + odds * np.maximum(seen - lowest, 0)
    return least, most


def explained(plate: F32, matte: I16, least: F32, most: F32) -> F32:
    """The plate held to what is `possible` where the sky shows; the completed sky elsewhere.

    plate: float32 (h, w, C). A guess outside these bounds (a cloud that ends where the matte does)
    would be taken off a pixel that does not hold it, and leave a stain darker or brighter than
    all around.
    """
    held = plate.copy()
    cv2.copyTo(np.clip(plate, least, most), (matte > 0).astype(np.uint8), held)
    return held


def _near(
    picture: F32, mask: NDArray[np.bool_], reach: float, *, nothing: tuple[float, float]
) -> tuple[F32, F32]:
    """The least and the largest value, or nearly, that `picture` has in `mask` near each pixel.

    reach: share of the longer side. nothing: the values where nothing of the mask is near.
    """
    side = max(2, round(reach * max(mask.shape))) | 1
    # Whole levels are fine enough for bounds with slack, and far faster.
    counted = np.rint(picture).astype(np.int16)
    seen = mask.astype(np.uint8)
    lowest = -_largest(-counted, seen, side).astype(np.float32) - np.float32(SLACK)
    highest = _largest(counted, seen, side).astype(np.float32) + np.float32(SLACK)
    none = lowest > highest
    lowest[none], highest[none] = nothing
    height, width = mask.shape
    size = 2 * lowest.shape[1], 2 * lowest.shape[0]
    least, most = (
        cv2.resize(found, size, interpolation=cv2.INTER_NEAREST)[:height, :width]
        for found in (lowest, highest)
    )
    return np.asarray(least, np.float32), np.asarray(most, np.float32)


def _largest(values: I16, mask: U8, side: int) -> I16:
    """The largest of `values`, int16 (h, w, C), inside `mask` in squares of about twice `side`
    pixels, at half size; the least there can be where there are none."""
    height, width = mask.shape
    inside = np.full(values.shape, NOWHERE, np.int16)
    cv2.copyTo(values, mask, inside)
    even = cv2.copyMakeBorder(inside, 0, height & 1, 0, width & 1, cv2.BORDER_REPLICATE)
    rows = cv2.max(even[::2], even[1::2])
    halved = cv2.max(rows[:, ::2], rows[:, 1::2])
    return np.asarray(cv2.dilate(halved, np.ones((side, side), np.uint8)), np.int16)
