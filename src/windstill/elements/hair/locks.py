"""Locks: noise that is alike along a strand and differs from strand to strand."""

from __future__ import annotations

import ctypes

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import Kept, load
from windstill.imaging.noise import smooth_noise
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_ALONG = load("elements/hair", "locks").windstill_along_strands
# As many as `locks.c` sums up at once, and channels of a cell there.
NOISES, _CHANNELS = 3, 8
_CELLS_PER_STEP = 3


class _Strands(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("cells", ctypes.c_void_p),
        ("tangents", ctypes.c_void_p),
    ]


def lock_noises(
    strands: Orientation, width: float, length: float, rng: np.random.Generator
) -> tuple[F32, F32, F32]:
    """Three independent noises, float32 (H, W), mean 0, standard deviation near 1.

    width: how wide a lock is. length: how far along the strands noise is alike; both in cells.
    """
    shape = rows, columns = strands.cos2.shape
    cells = np.zeros((*shape, _CHANNELS), np.float32)
    for noise in range(NOISES):
        cells[..., noise] = smooth_noise(shape, width, rng)
    cells[..., NOISES], cells[..., NOISES + 1] = strands.cos2, strands.sin2
    kept = Kept()
    given = _Strands(
        rows,
        columns,
        kept.address(cells, np.float32),
        kept.address(strands.tangent(), np.float32, (*shape, 2)),
    )
    total = np.empty((*shape, NOISES), np.float32)
    steps = max(1, round(length / _CELLS_PER_STEP))
    _ALONG(ctypes.byref(given), steps, ctypes.c_void_p(total.ctypes.data))
    flat = total.reshape(-1, NOISES)
    total = (total - flat.mean(axis=0)) / np.maximum(flat.std(axis=0), 1e-6)
    tune, late, gain = cv2.split(total)
    return tune, late, gain
