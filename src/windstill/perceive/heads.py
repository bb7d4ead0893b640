"""A second look at small heads: what is a dozen pixels to the network is cut out and enlarged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

# A head is small below this part of the picture's longer side, and too small to move below
# `SMALLEST` pixels of the photo.
SMALL = 0.34
SMALLEST = 24
MOST_HEADS = 3
# How much wider than the head the window is: the network needs shoulders and background.
MARGIN = 2.2
# First looks at small heads are unsure; what is no head is sorted out at the second look.
HINT = 0.35
# The first look is all but certain above this.
LIKELY = 0.85


Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Window:
    """A part of the photo around a head: rows [top, bottom) and columns [left, right), in pixels.

    `hint`: where the first look saw the head, bool (h, w), at the network's size. `likely`:
    whether it was all but certain of it.
    """

    top: int
    bottom: int
    left: int
    right: int
    hint: Bool
    likely: bool

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing the photo."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def small_heads(hair: F32, face: F32, shape: tuple[int, int]) -> list[Window]:
    """Windows of the photo, of `shape` (H, W), around small heads; the largest heads first.

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
        if head * scale >= SMALLEST and head < SMALL * max(rows, columns):
            centre = ((top + height / 2) * scale, (left + width / 2) * shape[1] / columns)
            hint = labels == label
            likely = bool(cv2.max(hair, face)[hint].max() > LIKELY)
            windows.append(_around(centre, head * scale * MARGIN, shape, hint, likely))
    return _apart(windows)[:MOST_HEADS]


def _around(
    centre: tuple[float, float], side: float, shape: tuple[int, int], hint: Bool, likely: bool
) -> Window:
    half = side / 2
    top, left = max(0, int(centre[0] - half)), max(0, int(centre[1] - half))
    bottom = min(shape[0], int(np.ceil(centre[0] + half)))
    right = min(shape[1], int(np.ceil(centre[1] + half)))
    return Window(top, bottom, left, right, hint, likely)


def _apart(windows: list[Window]) -> list[Window]:
    """Without those whose centre lies in an earlier one: it has been looked at already."""
    kept: list[Window] = []
    for window in windows:
        y, x = (window.top + window.bottom) / 2, (window.left + window.right) / 2
        if not any(k.top <= y < k.bottom and k.left <= x < k.right for k in kept):
            kept.append(window)
    return kept
