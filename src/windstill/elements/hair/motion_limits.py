"""Keeping a periodic displacement from folding or smearing strands."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.poses import farthest, strain
from windstill.elements.hair.strands import Strands

F32 = NDArray[np.float32]

_SIGMAS = (1.5, 2.0, 2.5, 3.0, 4.0)
"""Cells over which a displacement is smoothed, one after the other, while it strains too much."""
_EASY, _HARD = 0.9, 1.4
"""Strains from which smoothing begins, and from which it is complete."""
_FEW, _ENOUGH = 99.7, 1.05
"""Smoothing ends when this percentile of the strains is at most so large."""
_HELD = 0.2
"""Freedom below which smoothing does not carry motion to what is to stand still."""
_ROUNDS, _BEARABLE = 4, 1.2
"""Rounds of lowering for what smoothing left, and strain that is left to be."""


def eased(basis: F32, weights: F32, strands: Strands) -> F32:
    """`basis` smoothed where a pose strains the strands too much, then lowered where it still does.

    basis: float32 (T, H, W, 2), pixels. weights: float32 (P, T), of poses. Smoothing keeps the
    sway of the mass, which lowering would take away with what is too steep.
    """
    near = _near(basis, weights, strands)
    hold = np.clip(strands.freedom / np.float32(_HELD), 0, 1)
    for sigma in _SIGMAS:
        excess = strain(basis, weights, strands.orientation, strands.cell) * near
        if float(np.percentile(excess, _FEW)) <= _ENOUGH:
            break
        much = np.clip((excess - _EASY) / (_HARD - _EASY), 0, 1).astype(np.float32)
        much = cv2.dilate(much, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
        much = cv2.GaussianBlur(much, (0, 0), 1.5)[..., None]
        basis = np.stack(
            [each + (cv2.GaussianBlur(each, (0, 0), sigma) * hold - each) * much for each in basis]
        )
    for _ in range(_ROUNDS):
        excess = strain(basis, weights, strands.orientation, strands.cell) * near
        if float(excess.max()) <= _BEARABLE:
            break
        room = (1 / np.maximum(excess * np.float32(1.1 / _BEARABLE), 1)).astype(np.float32)
        lowered = cv2.erode(room, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
        basis = basis * cv2.GaussianBlur(lowered, (0, 0), 2.0)[None, :, :, None]
    return basis


def _near(basis: F32, weights: F32, strands: Strands) -> F32:
    """1 wherever hair is or comes to lie: a fold there would show a piece of it twice."""
    side = 2 * int(np.ceil(float(farthest(basis, weights).max()) / strands.cell)) + 5
    wide = cv2.dilate((strands.hair > 0).astype(np.float32), np.ones((side, side), np.uint8))
    near: F32 = cv2.GaussianBlur(wide, (0, 0), 1.0)
    return near
