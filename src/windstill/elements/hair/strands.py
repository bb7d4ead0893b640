"""What is known of the strands of one picture's hair, on a grid of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.fill import push_pull
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]

_CURLY, _STRAIGHT = 0.3, 0.55
"""Coherence of strands, averaged over `_AROUND` head sizes, up to which they are curls, and from
which they are straight."""
_AROUND = 0.06


@dataclass(frozen=True)
class Strands:
    """What the sway of one picture's hair is made of.

    hair: matte, float32 (H, W). freedom: float32 (H, W, 2) in [0, 1], how freely hair may move
    along x and y (0 at the face). orientation: of the strands. centres: positions of the cells in
    pixels. cell: pixels.
    """

    hair: F32
    freedom: F32
    orientation: Orientation
    centres: F32
    cell: int

    def curliness(self, head_size: float) -> F32:
        """How curly the hair is around each cell, float32 (H, W) in [0, 1]. head_size: pixels."""
        sigma = _AROUND * head_size / self.cell
        coherence = cv2.GaussianBlur(self.orientation.coherence, (0, 0), sigma)
        curly: F32 = np.clip((_STRAIGHT - coherence) / (_STRAIGHT - _CURLY), 0, 1)
        return curly

    def within(self, window: tuple[slice, slice]) -> Strands:
        """The strands in some rows and columns of the grid."""
        own = self.orientation
        return Strands(
            self.hair[window],
            self.freedom[window],
            Orientation(own.cos2[window], own.sin2[window], own.coherence[window]),
            self.centres[window],
            self.cell,
        )


def extended(fields: Sequence[F32], hair: F32) -> list[F32]:
    """Fields, float32 (H, W), as they are in the hair, carried on smoothly beside it."""
    known = np.clip(2 * hair - 0.6, 0, 1).astype(np.float32)
    stacked = push_pull(np.stack(fields, axis=2).astype(np.float32), known)
    return [np.ascontiguousarray(part) for part in np.moveaxis(stacked, 2, 0)]
