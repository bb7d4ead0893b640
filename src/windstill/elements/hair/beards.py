"""Hair that grows on a face: it doesn't sway."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MIDDLE = 0.45
"""Of a face's width, around its middle: what hangs beside it is a lock."""
_GAP, _LONGEST = 0.03, 0.8
"""In head sizes: a beard begins so near to the face, and ends so far below; what goes on is hair
that hangs in front."""
_APART, _UNDER = 0.3, 0.5
"""A beard that is cut off from all other hair begins within so many head sizes below the face, and
has at least this share of its width under it."""
_SPREAD = 0.12
"""In head sizes: so far around, it is still the same beard."""
_SKIN = 0.3
"""A matte of more is a face."""


def beards(hair: F32, face: F32, head_size: float) -> F32:
    """How surely each cell is of a beard, float32 (H, W) in [0, 1].

    hair, face: mattes, float32 (H, W). head_size: in cells.
    """
    found = np.zeros(hair.shape, np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((face > _SKIN).astype(np.uint8))
    for label in range(1, count):
        found[_apart_below(hair > 0.5, stats[label], head_size)] = 1
        width = stats[label, cv2.CC_STAT_WIDTH]
        middle = stats[label, cv2.CC_STAT_LEFT] + (width - 1) / 2
        for column in range(hair.shape[1]):
            rows = np.flatnonzero(labels[:, column] == label)
            if rows.size == 0 or abs(column - middle) > _MIDDLE * width / 2:
                continue
            begin, end = _run_below(hair[:, column] > 0.5, int(rows[-1]) + 1, head_size)
            found[begin:end, column] = 1
    spread = max(1, round(_SPREAD * head_size))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * spread + 1, 2 * spread + 1))
    wide = cv2.dilate(found, disc).astype(np.float32)
    smooth: F32 = cv2.GaussianBlur(wide, (0, 0), max(1.0, spread / 2))
    return smooth


def _apart_below(hair: Mask, face: NDArray[np.int32], head_size: float) -> Mask:
    """The pieces of hair that lie below a face and hang together with no hair beside it.

    face: its box, as OpenCV gives it.
    """
    left, top, width, height = (int(side) for side in face[:4])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hair.astype(np.uint8))
    found = np.zeros(hair.shape, bool)
    for label in range(1, count):
        begin, first, across = (int(side) for side in stats[label, :3])
        under = min(begin + across, left + width) - max(begin, left)
        highest = top + height / 2, top + height + _APART * head_size
        if highest[0] < first < highest[1] and under >= _UNDER * across:
            found |= labels == label
    return found


def _run_below(hair: Mask, start: int, head_size: float) -> tuple[int, int]:
    """Begin and end of the hair that begins at or just below a cell; the same if it is no beard."""
    near = np.flatnonzero(hair[start : start + round(_GAP * head_size) + 1])
    if near.size == 0:
        return start, start
    begin = start + int(near[0])
    ends = np.flatnonzero(~hair[begin:])
    if ends.size == 0 or ends[0] > _LONGEST * head_size:
        return start, start
    return begin, begin + int(ends[0])
