"""What each pixel may become while hair sways over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_NEAR = 2
"""Pixels; what the photo shows this near may stand at a pixel."""
_BESIDE = 2
"""Pixels beside the matte that may still hold some hair."""
_STEPS = 8
"""What comes from afar is looked for in blocks, so many of them from a pixel."""


@dataclass(frozen=True)
class ValueRange:
    """The least and the largest value of each pixel of all three planes.

    Matte and plate are estimates. Where they are off by a little, hair that moves away uncovers a
    speck darker, lighter or more colourful than the hair, than what is behind it, and than any
    mixture of both.
    """

    least: Planes
    most: Planes


def value_range_of(still: Planes, seen: F32, hair: F32, travel: F32, free: Mask) -> ValueRange:
    """The range that the photo sets: what it shows here, and hair and surroundings nearby.

    seen: the matte as it was found; hair: the one that is painted with; travel: how far hair moves
    at each pixel; all float32 (H, W). Pixels on which the two mattes disagree are ignored. free:
    bool (H, W), where something else may show that moves by itself.
    """
    reach = float(travel.max()) + _NEAR
    half = still.u.shape[::-1]
    seen_half, hair_half, free_half = (
        cv2.resize(each.astype(np.float32), half, interpolation=cv2.INTER_AREA)
        for each in (seen, hair, free)
    )
    found = [_plane_range(still.y, seen, hair, reach, free)]
    found += [
        _plane_range(plane, seen_half, hair_half, reach / 2 + 1, free_half > 0)
        for plane in (still.u, still.v)
    ]
    return ValueRange(*(Planes(*planes) for planes in zip(*found, strict=True)))


def _plane_range(plane: U8, seen: F32, hair: F32, reach: float, free: Mask) -> tuple[U8, U8]:
    hidden = cv2.dilate((np.maximum(hair, seen) > 0.02).astype(np.uint8), _square(_BESIDE)) > 0
    near = _square(_NEAR)
    least, most = cv2.erode(plane, near), cv2.dilate(plane, near)
    known = (np.minimum(hair, seen) > 0.5) | ~hidden
    least = cv2.min(least, _extreme(np.where(known, plane, np.uint8(255)), reach, cv2.erode))
    most = cv2.max(most, _extreme(np.where(known, plane, np.uint8(0)), reach, cv2.dilate))
    least[free], most[free] = 0, 255
    return least, most


def _extreme(plane: U8, reach: float, how: Callable[..., Any]) -> U8:
    """The least or the largest value (`how`: cv2.erode or cv2.dilate) within `reach` pixels."""
    step = max(1, int(reach / _STEPS))
    height, width = plane.shape
    down, right = -height % step, -width % step
    whole = cv2.copyMakeBorder(plane, 0, down, 0, right, cv2.BORDER_REPLICATE)
    # Each block's own extreme, at its first pixel.
    blocks = how(whole, np.ones((step, step), np.uint8), anchor=(0, 0))[::step, ::step]
    around = how(np.ascontiguousarray(blocks), _square(int(np.ceil(reach / step))))
    size = width + right, height + down
    found: U8 = cv2.resize(around, size, interpolation=cv2.INTER_NEAREST)
    return found[:height, :width]


def _square(radius: int) -> U8:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
