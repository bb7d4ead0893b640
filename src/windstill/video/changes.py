"""What changes from one frame to the next: where, and by how much."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import address, load, plane_addresses
from windstill.imaging.planes import Planes

BLOCK = 16
"""Luma pixels of the side of a macroblock (ITU-T H.264, 3.88)."""

U8 = NDArray[np.uint8]
# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_UNCHANGED = load("video", "changes").windstill_unchanged


def unchanged(before: Planes, after: Planes) -> U8:
    """Which macroblocks of two pictures of one size are equal in every sample of Y, U and V.

    Returns uint8 (ceil(H / 16), ceil(W / 16)), 1 where they are and 0 elsewhere. Raises ValueError
    for pictures of different sizes.
    """
    if before.shape != after.shape:
        raise ValueError(f"pictures of {before.shape} and {after.shape}")
    height, width = after.shape
    same = np.empty((-(-height // BLOCK), -(-width // BLOCK)), np.uint8)
    _UNCHANGED(
        plane_addresses(before),
        plane_addresses(after),
        height,
        width,
        ctypes.c_void_p(address(same, np.uint8)),
    )
    return same


@dataclass(frozen=True)
class Step:
    """How much of the luma changes from one frame to the next, in levels, over all macroblocks in
    which anything does.

    mean: mean absolute difference. beyond_one: the same of what goes beyond one level, which is
    next to nothing where soft gradients move, however fast, and much where edges do.
    """

    mean: float
    beyond_one: float


NO_STEP = Step(0.0, 0.0)


def step(before: Planes, after: Planes) -> Step:
    """How much changes between two pictures of one size."""
    samples = BLOCK * BLOCK * max(1, int((unchanged(before, after) == 0).sum()))
    difference = cv2.absdiff(before.y, after.y)
    return Step(
        float(difference.sum()) / samples,
        float(cv2.subtract(difference, 1).sum()) / samples,
    )
