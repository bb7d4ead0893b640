"""Dates, watermarks and other bright text in the sky. (Dark and coloured text is found with the
small spots that no sky has.)"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Strokes are narrower than this share of the longer side, and so many levels brighter.
STROKE = 0.012
BRIGHTER = 12
# Letters and words of a line are no farther apart than one of these shares of the longer side.
GAPS = (0.006, 0.015, 0.03)
# A line is so high (half-size pixels, and share of the longer side), and at least so many times as
# long.
LOWEST, HIGHEST = 3, 0.05
LONG = 3.5
# Joined, its letters fill so much of their rectangle; by themselves, from so much to so much.
JOINED, LEAST_INK, MOST_INK = 0.6, 0.15, 0.75
# Words that follow are no farther away than so many times its height.
WORDS = 1.5
# A row of it crosses so many strokes for each height that the line is long.
CROSSED = 0.7


def lettering(luma: U8, inside: Bool) -> Bool:
    """Where lines of bright text are, bool (h, w); luma: uint8 (h, w), of half the size."""
    longer = max(luma.shape)
    found = np.zeros(luma.shape, np.uint8)
    side = max(3, round(STROKE * longer)) | 1
    opened = cv2.morphologyEx(luma, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    strokes = ((cv2.subtract(luma, opened) > BRIGHTER) & inside).astype(np.uint8)
    if not strokes.any():
        return found > 0
    for gap in GAPS:
        kernel = np.ones((1, max(3, round(gap * longer)) | 1), np.uint8)
        joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, kernel)
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
        width, height, area = stats[1:, 2:].T
        fits = (height >= LOWEST) & (height <= HIGHEST * longer) & (width >= LONG * height)
        fits &= area >= JOINED * width * height
        for x, y, w, h in stats[1:][fits, :4]:
            if _is_text(strokes[y : y + h, x : x + w]):
                left, right = _whole_line(strokes[y : y + h].any(axis=0), x, x + w, WORDS * h)
                # Points, hyphens and what is too thin to be seen lie around what was found.
                rows = slice(max(y - h // 2, 0), y + h + h // 2 + 1)
                found[rows, max(left - h, 0) : right + h] = 1
    return np.asarray((found > 0) & inside)


def _whole_line(inked: Bool, left: int, right: int, gap: float) -> tuple[int, int]:
    """The first and the last column of a line that reaches on while gaps are no wider than `gap`.

    inked: bool (w,), the columns with ink. left, right: a part of the line.
    """
    columns = np.flatnonzero(inked)
    ends = np.flatnonzero(np.diff(columns) > gap)
    starts, stops = np.append(0, ends + 1), np.append(ends, len(columns) - 1)
    part = np.searchsorted(columns[stops], left)
    return min(left, int(columns[starts[part]])), max(right, int(columns[stops[part]]) + 1)


def _is_text(strokes: U8) -> bool:
    """Whether a rectangle, 1 where strokes are, holds letters side by side."""
    height, width = strokes.shape
    crossed = (np.diff(strokes.astype(np.int8), axis=1) > 0).sum(axis=1)
    ink = strokes.mean()
    return bool(LEAST_INK < ink < MOST_INK and np.median(crossed) * height > CROSSED * width)
