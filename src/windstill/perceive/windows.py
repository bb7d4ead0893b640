"""Parts of the photo around heads, to be looked at more closely."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

# A head is large from this part of the picture's longer side on, and too small to move below
# `SMALLEST` pixels of the photo.
LARGE = 0.34
SMALLEST = 24
MOST_HEADS = 3
# How much wider than the head the window is: the network needs shoulders and background.
MARGIN = 1.8
# Longer side of the window that the network sees.
LOOK_AT_SMALL, LOOK_AT_LARGE = 256, 352
# A window whose middle lies in another one is left out, unless it is so much smaller.
MUCH_SMALLER = 3
# First looks at small heads are unsure; what is no head is sorted out at the second look.
HINT = 0.35
# The first look is all but certain above this.
LIKELY = 0.85


@dataclass(frozen=True)
class Window:
    """A part of a photo around a head: rows [top, bottom) and columns [left, right), in pixels.

    `photo`: the photo's (H, W). `hint`: where the first look saw the head, bool (h, w), at the
    network's size. `likely`: whether it was all but certain of it. `large`: whether the first look
    saw it well.
    """

    top: int
    bottom: int
    left: int
    right: int
    photo: tuple[int, int]
    hint: Bool
    likely: bool
    large: bool

    @property
    def long_side(self) -> int:
        """What the network for heads is shown, in pixels."""
        return LOOK_AT_LARGE if self.large else LOOK_AT_SMALL

    @property
    def side(self) -> int:
        """The longer one, in pixels of the photo."""
        return max(self.bottom - self.top, self.right - self.left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing the photo."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def of_first_look(self, plane: F32, size: tuple[int, int]) -> F32:
        """The part of a plane of the first look, float32 (h, w), that this window covers, at
        another `size` (rows, columns)."""
        down, across = plane.shape[0] / self.photo[0], plane.shape[1] / self.photo[1]
        y_scale = (self.bottom - self.top) * down / size[0]
        x_scale = (self.right - self.left) * across / size[1]
        # From pixels' centres to pixels' centres.
        x = self.left * across + x_scale / 2 - 0.5
        y = self.top * down + y_scale / 2 - 0.5
        matrix = np.array([[x_scale, 0, x], [0, y_scale, y]], np.float32)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        part = cv2.warpAffine(plane, matrix, size[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(part, np.float32)


def head_windows(hair: F32, face: F32, shape: tuple[int, int]) -> list[Window]:
    """Windows of the photo, of `shape` (H, W), around heads; the largest heads first.

    hair, face: probabilities at the network's size, float32 (h, w).
    """
    rows, columns = hair.shape
    scale = shape[0] / rows
    hints = (cv2.max(hair, face) > HINT).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hints, connectivity=8)
    windows = []
    for label in sorted(range(1, count), key=lambda i: -int(stats[i, cv2.CC_STAT_AREA])):
        left, top, width, height = (int(value) for value in stats[label, :4])
        head = max(width, height)
        if head * scale >= SMALLEST:
            centre = ((top + height / 2) * scale, (left + width / 2) * shape[1] / columns)
            hint = labels == label
            likely = bool(cv2.max(hair, face)[hint].max() > LIKELY)
            large = head >= LARGE * max(rows, columns)
            windows.append(_around(centre, head * scale * MARGIN, shape, hint, likely, large))
    return _apart(windows)[:MOST_HEADS]


def _around(
    centre: tuple[float, float],
    side: float,
    shape: tuple[int, int],
    hint: Bool,
    likely: bool,
    large: bool,
) -> Window:
    half = side / 2
    top, left = max(0, int(centre[0] - half)), max(0, int(centre[1] - half))
    bottom = min(shape[0], int(np.ceil(centre[0] + half)))
    right = min(shape[1], int(np.ceil(centre[1] + half)))
    return Window(top, bottom, left, right, shape, hint, likely, large)


def _apart(windows: list[Window]) -> list[Window]:
    """Without those whose centre lies in an earlier one: it has been looked at already."""
    kept: list[Window] = []
    for window in windows:
        if not any(_covers(earlier, window) for earlier in kept):
            kept.append(window)
    return kept


def _covers(earlier: Window, window: Window) -> bool:
    y, x = (window.top + window.bottom) / 2, (window.left + window.right) / 2
    inside = earlier.top <= y < earlier.bottom and earlier.left <= x < earlier.right
    return inside and earlier.side < MUCH_SMALLER * window.side
