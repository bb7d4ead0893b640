"""Which rectangles of a patch have to be painted at all, and in which of them hair is opaque."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.halo import HALO_REACH

F32 = NDArray[np.float32]

_SAMPLING = 4.0
"""Pixels around a position that matter to it: sampling takes three of a chroma plane into account,
and one."""
SAMPLING_REACH = _SAMPLING + HALO_REACH
"""The same from the matte on: hair may be found beside it as far as a halo reaches."""
_BEHIND_REACH = 10.0
"""Deeper inside the hair than it travels, and this, nothing is ever painted behind it."""
_TILE = 64
STILL = 1 / 256
"""Pixels of displacement that no fixed-point map can tell from 0."""
_UNTOUCHED, _OPAQUE, _MIXED = 0, 1, 2


@dataclass(frozen=True)
class Span:
    """A rectangle with even edges. opaque: nothing behind the hair is ever seen in it."""

    rows: slice
    columns: slice
    opaque: bool

    @property
    def luma(self) -> tuple[slice, slice]:
        """Its place in a luma plane."""
        return self.rows, self.columns

    @property
    def chroma(self) -> tuple[slice, slice]:
        """Its place in a chroma plane."""
        return (
            slice(self.rows.start // 2, -(-self.rows.stop // 2)),
            slice(self.columns.start // 2, -(-self.columns.stop // 2)),
        )


def spans(hair: F32, replaced: NDArray[np.bool_], travel: F32) -> list[Span]:
    """Disjoint rectangles, in row strips, that hold every pixel that painting could change.

    hair: matte, float32 (H, W). replaced: bool (H, W), where the plate is not the photo. travel:
    largest displacement at each pixel, float32 (H, W).
    """
    shown = (hair > 0) | replaced
    moved = (shown & (travel > STILL)) | replaced
    outside = cv2.distanceTransform((~moved).astype(np.uint8), cv2.DIST_L2, 5)
    inside = cv2.distanceTransform((hair == 1).astype(np.uint8), cv2.DIST_L2, 5)
    near = outside <= travel + np.float32(_SAMPLING)
    deep = inside > travel + np.float32(_BEHIND_REACH)
    kind = np.where(_any(near), _MIXED, _UNTOUCHED)
    opaque = ~_any(~deep)
    kind[opaque] = np.where(_any(travel > STILL), _OPAQUE, _UNTOUCHED)[opaque]
    found = []
    for row, kinds in enumerate(kind):
        rows = slice(row * _TILE, min((row + 1) * _TILE, hair.shape[0]))
        for what, first, last in _runs(kinds):
            if what != _UNTOUCHED:
                columns = slice(first * _TILE, min(last * _TILE, hair.shape[1]))
                found.append(Span(rows, columns, what == _OPAQUE))
    return found


def _any(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether any pixel of each tile is set."""
    height, width = mask.shape
    rows = np.logical_or.reduceat(mask, np.arange(0, height, _TILE), axis=0)
    return np.logical_or.reduceat(rows, np.arange(0, width, _TILE), axis=1)


def _runs(kinds: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Equal neighbours as (kind, first, end)."""
    runs, start = [], 0
    for what, group in groupby(kinds.tolist()):
        end = start + len(list(group))
        runs.append((what, start, end))
        start = end
    return runs
