"""The frame of a photo: scan borders, white frames, letterboxes, rounded corners.

The sky ends where it begins.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Scene
from windstill.imaging.planes import Region

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# A frame is this wide at most, as a share of the side that it is part of. A bar of a letterbox may
# be wider, if the one on the other side is as wide, within this share of it.
WIDEST, WIDEST_BAR = 0.08, 0.22
AS_WIDE = 0.25
# Pixels of a line in a frame depart from its median by no more than so many levels, but for this
# share of them. The photo departs from it by more than that, along so much of the side, within so
# many pixels, which its border is blurred over.
UNIFORM, STRAY = 7, 0.1
STEP, ALONG, BLURRED = 10, 0.45, 4
# Where it does not show, so many of the outermost lines are uniform.
MOSTLY = 0.8
# Sides of one frame, and the pixels of a rounded corner, have the same colour, within so many
# levels.
SAME = 10
# A rounded corner is this large at most (share of the shorter side), and ends in a step along so
# much of its curve.
CORNER, CURVE = 0.1, 0.8


def sky_region(scene: Scene) -> Region | None:
    """The rectangle that holds the sky of a scene and nothing of a frame; None without a sky."""
    found = Region.around(scene.mattes.sky > 0)
    if found is None:
        return None
    top, left, bottom, right = frame_widths(scene.planes.y)
    height, width = scene.planes.shape
    region = Region(
        max(found.top, (top + 1) & ~1),
        max(found.left, (left + 1) & ~1),
        min(found.bottom, (height - bottom) & ~1),
        min(found.right, (width - right) & ~1),
    )
    empty = region.top >= region.bottom or region.left >= region.right
    return None if empty else region


def frame_widths(luma: U8) -> tuple[int, int, int, int]:
    """How many pixels of a picture, uint8 (H, W), are frame at the top, left, bottom and right."""
    sides = [_Side(view) for view in (luma, luma.T, luma[::-1], luma.T[::-1])]
    widths = [side.width() for side in sides]
    for place, (side, width) in enumerate(zip(sides, tuple(widths), strict=True)):
        if width > side.narrow and abs(width - widths[place - 2]) > AS_WIDE * width:
            widths[place] = 0
    found = [side.colour(width) for side, width in zip(sides, widths, strict=True) if width]
    if len(found) >= 2:
        # Where the photo is as bright as the frame its border does not show; it is as wide there.
        common = min(width for width in widths if width)
        for place, side in enumerate(sides):
            if not widths[place] and side.is_frame(common, float(np.median(found))):
                widths[place] = common
    top, left, bottom, right = widths
    return top, left, bottom, right


def rounded_corners(luma: U8) -> Bool | None:
    """Where a picture, uint8 (H, W), has rounded corners, bool (H, W); None if it has none."""
    side = round(CORNER * min(luma.shape))
    if side < 4:
        return None
    found = np.zeros(luma.shape, bool)
    count = 0
    for turned, room in zip(_turned(luma), _turned(found), strict=True):
        corner = _corner(turned[:side, :side])
        if corner is not None:
            room[:side, :side] = corner
            count += 1
    return found if count >= 2 else None


def _turned(plane: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Views of a plane with each of its corners first."""
    return plane, plane[::-1], plane[:, ::-1], plane[::-1, ::-1]


def _corner(luma: U8) -> Bool | None:
    """Which pixels round the first corner of a square picture off; None if it is not round."""
    alike = np.abs(luma.astype(np.int16) - int(luma[0, 0])) < SAME
    _, labels = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    corner = labels == labels[0, 0]
    if not alike[0, 0] or corner[-1].any() or corner[:, -1].any() or corner.sum() < 6:
        return None
    # Along both sides it reaches as far, and covers 0.21 of that square if it is a circle's.
    reach = int(corner[0].sum()), int(corner[:, 0].sum())
    if abs(reach[0] - reach[1]) > 2 + 0.1 * max(reach):
        return None
    share = corner.sum() / (reach[0] * reach[1])
    beyond = cv2.dilate(corner.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    beyond &= cv2.dilate(corner.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    step = np.abs(luma[beyond].astype(np.int16) - int(luma[0, 0])) > 1.5 * SAME
    if not 0.08 < share < 0.5 or not step.size or step.mean() < CURVE:
        return None
    return np.asarray(cv2.dilate(corner.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


class _Side:
    """The lines of a picture from one of its sides inwards."""

    def __init__(self, luma: U8) -> None:
        self.luma = luma
        self.narrow = max(1, int(WIDEST * len(luma)))

    def width(self) -> int:
        """How many lines are frame; 0 if none."""
        deepest = max(1, int(WIDEST_BAR * len(self.luma)))
        count = next((at for at in range(deepest) if not self._is_uniform(at)), deepest)
        if not 0 < count < deepest:
            return 0
        inner = self.luma[count + BLURRED - 1].astype(np.int16)
        step = np.abs(inner - np.median(self.luma[count - 1])) > STEP
        # The blurred border is frame, too.
        return 0 if step.mean() < ALONG else count + self._blurred(count, inner)

    def colour(self, width: int) -> float:
        """The luma of so many lines."""
        return float(np.median(self.luma[:width]))

    def is_frame(self, width: int, colour: float) -> bool:
        """Whether the outermost lines are uniform and of that colour."""
        uniform = np.mean([self._is_uniform(at) for at in range(width)])
        return bool(uniform > MOSTLY and abs(self.colour(width) - colour) < SAME)

    def _is_uniform(self, at: int) -> bool:
        line = self.luma[at].astype(np.int16)
        return bool((np.abs(line - np.median(line)) > UNIFORM).mean() < STRAY)

    def _blurred(self, count: int, inner: NDArray[np.int16]) -> int:
        """How many lines beyond the uniform ones the frame shines into."""
        change = np.abs(self.luma[count : count + BLURRED - 1] - inner).mean(axis=1)
        return int((change > STEP / 2).sum())
