"""Which soft parts of a matte are loose strands, which are doubt, and which hide more."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

_SOLID = 0.75
_SURE, _DOUBTFUL = 0.03, 0.09
"""In head sizes: soft hair nearer than the first to solid hair is kept, beyond the second none."""

# Nominal black and white of luma (ITU-R BT.709).
BLACK, WHITE = 16, 235
_TOLERANCE = 0.05
"""A plate that is off by this much of the range makes nothing hair."""


def without_doubt(hair: F32, head_size: float) -> F32:
    """The matte less what is only half hair over a wide area.

    hair: float32 (H, W). Loose strands stay within a few hundredths of a head of the solid hair;
    a faint matte that goes on farther lies on a cheek, an arm or a wall, which must not move.
    """
    away: F32 = cv2.distanceTransform((hair < _SOLID).astype(np.uint8), cv2.DIST_L2, 5)
    kept = np.clip((_DOUBTFUL - away / np.float32(head_size)) / (_DOUBTFUL - _SURE), 0, 1)
    return np.where(hair < _SOLID, hair * kept, hair).astype(np.float32)


def covering(hair: F32, still: U8, plate: U8) -> F32:
    """The matte raised to the least coverage that explains the photo in front of the plate.

    hair: float32 (H, W). still, plate: luma, uint8 (H, W). A strand with too low a matte would
    carry more darkness than any hair has, and leave black dots where it moves.
    """
    change = still.astype(np.float32) - plate
    room = np.where(change < 0, plate - np.float32(BLACK), np.float32(WHITE) - plate)
    least = np.abs(change) / np.maximum(room, 1)
    raised = np.clip(least - np.float32(_TOLERANCE), 0, 1)
    return np.where(hair > 0, np.maximum(hair, raised), hair).astype(np.float32)
