"""How far each pixel may depart from the photo while the sky moves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
U8 = NDArray[np.uint8]

# What the photo shows this near (pixels of the plane) may stand at a pixel.
NEAR = 2
# A sample is near the border of the matte this close to it (chroma samples).
BORDER = 4


@dataclass(frozen=True)
class Bounds:
    """The least and the largest change of each sample of a plane: int8 (H, W), levels; the least
    and the largest value of that type mean that there is no bound.

    At the border of the sky a matte that is a little off, multiplied by a cloud that passes, makes
    a rim darker or brighter than the photo there, the sky that comes, or any mixture of both.
    """

    least: I8
    most: I8


def bounds_of(
    still: Planes, matte: F32, known: F32, travel: float
) -> tuple[Bounds, Bounds, Bounds]:
    """The bounds of Y, U and V that a still picture, and its sky up to `travel` pixels away, set.

    matte: float32, how much of each chroma sample is sky. known: float32 likewise, 1 where the
    picture is surely sky. Only samples near the border of the matte are bounded.
    """
    sky = (matte > 0.5).astype(np.uint8)
    border = cv2.dilate(sky, _square(BORDER)) != cv2.erode(sky, _square(BORDER))
    border |= (matte > 0) & (matte < 1)
    reach = _square(int(np.ceil(travel / 2)) + 1)
    absent = known <= 0.5
    bounds = []
    for plane in (still.y, still.u, still.v):
        low, high = _extremes(plane) if plane.shape != known.shape else (plane, plane)
        least = cv2.erode(np.where(absent, np.uint8(255), low), reach)
        most = cv2.dilate(np.where(absent, np.uint8(0), high), reach)
        least[~border], most[~border] = 0, 255
        size = plane.shape[::-1]
        least, most = (cv2.resize(b, size, interpolation=cv2.INTER_NEAREST) for b in (least, most))
        near = _square(NEAR)
        least = cv2.min(least, cv2.erode(plane, near))
        most = cv2.max(most, cv2.dilate(plane, near))
        # What is more than a byte holds bounds nothing.
        bounds.append(Bounds(*(cv2.subtract(b, plane, dtype=cv2.CV_8S) for b in (least, most))))
    luma, u, v = bounds
    return luma, u, v


def _extremes(plane: U8) -> tuple[U8, U8]:
    """The least and the largest of every two by two samples."""
    low, high = cv2.min(plane[::2], plane[1::2]), cv2.max(plane[::2], plane[1::2])
    return np.minimum(low[:, ::2], low[:, 1::2]), np.maximum(high[:, ::2], high[:, 1::2])


def _square(radius: int) -> U8:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
