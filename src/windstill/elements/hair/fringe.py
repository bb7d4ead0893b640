"""Which soft parts of a matte are loose strands, and which are doubt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_SOLID = 0.75
_SURE, _DOUBTFUL = 0.03, 0.09
"""In head sizes: soft hair nearer than the first to solid hair is kept, beyond the second none."""


def without_doubt(hair: F32, head_size: float) -> F32:
    """The matte less what is only half hair over a wide area.

    hair: float32 (H, W). Loose strands stay within a few hundredths of a head of the solid hair;
    a faint matte that goes on farther lies on a cheek, an arm or a wall, which must not move.
    """
    away: F32 = cv2.distanceTransform((hair < _SOLID).astype(np.uint8), cv2.DIST_L2, 5)
    kept = np.clip((_DOUBTFUL - away / np.float32(head_size)) / (_DOUBTFUL - _SURE), 0, 1)
    return np.where(hair < _SOLID, hair * kept, hair).astype(np.float32)
