"""How far hair may travel, so that nothing is uncovered that can't be told."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.crossings import crossings_of
from windstill.elements.hair.foresight import surprise_of
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.scalp import Head
from windstill.elements.hair.shoulders import shoulders
from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]

_TRUSTED = 0.012
"""In head sizes: so far from what is seen even the worst of what is behind is completed well."""
_NO_DOUBT = 0.05
"""A doubt so faint is none."""
_RIM = 0.06
"""In head sizes: the outline's surroundings; hair deeper inside uncovers nothing by itself."""
_STRAND = 0.02
"""A cell with more hair has a strand in it."""
_SLOPE = 0.22
"""Pixels farther that hair may travel for every pixel farther from the outline in doubt: within
what strands bear."""
_FREE = 1.0
"""In head sizes: nothing travels so far."""


def doubt_about(planes: Planes, hair: F32, head_size: float) -> F32:
    """How doubtful is what is behind the outline of hair, float32 (H, W) from 0 to `STARK`.

    hair: matte, float32 at the luma's size. head_size: pixels.
    """
    edges = crossings_of(planes, hair, head_size)
    return np.maximum(edges, surprise_of(planes, hair, head_size))


def travel_allowed(doubt: F32, hair: F32, grid: Grid, heads: list[Head]) -> F32:
    """Pixels that hair may travel in each cell in a normal wind, float32 (rows, columns).

    doubt: of `doubt_about`; hair: matte; both float32 (H, W) of the grid's region. heads: in its
    pixels. Hair that lies on what can't be told moves inside its outline, which hardly stirs.
    """
    head_size = heads[0].size
    share = grid.shrink(hair)
    any_hair, solid = ((share > least).astype(np.uint8) for least in (_STRAND, 0.5))
    side = 2 * round(_RIM * head_size / grid.cell) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    rim = cv2.dilate(any_hair, disc) > cv2.erode(solid, disc)
    doubtful = np.maximum(grid.shrink(doubt), np.float32(_NO_DOUBT))
    free = np.float32(_FREE * head_size)
    allowed = np.where(rim, np.float32(_TRUSTED * head_size) / doubtful, free)
    allowed *= 1 - shoulders(share, grid.centres(), heads, grid.cell)
    return _under(allowed, np.float32(_SLOPE * grid.cell), free)


def _under(ceiling: F32, step: np.float32, most: np.float32) -> F32:
    """The largest map under `ceiling` that rises by no more than `step` from cell to cell."""
    diagonal = np.ones((3, 3), np.uint8)
    straight = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    found = np.minimum(ceiling, most)
    for _ in range(int(np.ceil(most / step))):
        lower = np.minimum(
            cv2.erode(found, straight) + step, cv2.erode(found, diagonal) + step * np.float32(1.414)
        )
        if not (lower < found).any():
            break
        np.minimum(found, lower, out=found)
    return found
