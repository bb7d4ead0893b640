"""Which soft parts of a matte are loose strands, and which are doubt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_SOLID = 0.75
_SURE, _DOUBTFUL = 0.03, 0.09
"""In head sizes: hair nearer than the first to solid hair is kept, beyond the second none."""
_LOCK_AREA, _LOCK_LENGTH = 0.01, 0.2
"""Of a head's square, and in head sizes: an island of hair smaller than both is no lock."""


def without_doubt(hair: F32, head_size: float) -> F32:
    """The matte less its islands, and less what is only half hair over a wide area.

    hair: float32 (H, W). Loose strands stay within a few hundredths of a head of the solid hair;
    what lies farther off are leaves, buttons or a fence in the colours of the hair, and a faint
    matte that goes on farther lies on a cheek, an arm or a wall: all that must not move.
    """
    solid = _locks(hair >= _SOLID, head_size)
    away: F32 = cv2.distanceTransform((~solid).astype(np.uint8), cv2.DIST_L2, 5)
    kept = np.clip((_DOUBTFUL - away / np.float32(head_size)) / (_DOUBTFUL - _SURE), 0, 1)
    return np.where(solid, hair, hair * kept).astype(np.float32)


def _locks(solid: NDArray[np.bool_], head_size: float) -> NDArray[np.bool_]:
    """The connected parts that are large or long enough to be locks."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    large = stats[:, cv2.CC_STAT_AREA] >= _LOCK_AREA * head_size**2
    large |= length >= _LOCK_LENGTH * head_size
    large[0] = False
    return np.asarray(large[labels])
