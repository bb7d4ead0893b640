"""What is extreme in all poses of hair in a loop: `poses.c`, called with arrays."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import address, load

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_LIBRARY = load("elements/hair", "poses")
_EXTREMES = _LIBRARY.windstill_extremes
_SUM_OF_LENGTHS = _LIBRARY.windstill_sum_of_lengths
_POINTER = ctypes.c_void_p
_EXTREMES.argtypes = [_POINTER, _POINTER, ctypes.c_int32, _POINTER, _POINTER]
_SUM_OF_LENGTHS.argtypes = [_POINTER, _POINTER, ctypes.c_int32, _POINTER]
_SUM_OF_LENGTHS.restype = ctypes.c_double
# Poses that are worked out at once.
_GROUP = 4


class _Poses(ctypes.Structure):
    _fields_ = [
        ("tones", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("basis", ctypes.c_void_p),
        ("found", ctypes.c_void_p),
    ]


def steepest(basis: F32, weights: F32, cell: int) -> F32:
    """Over all poses, the largest Frobenius norm of the displacement's gradient in each cell.

    basis: float32 (T, H, W, 2), pixels. weights: float32 (P, T), one row a pose. cell: pixels. The
    gradient is that of one-sided differences, of which bilinear enlargement consists, so no
    enlarged displacement is steeper.
    """
    found = np.zeros(basis.shape[1:3], np.float32)
    _extremes(basis, weights, None, found)
    return np.asarray(np.sqrt(found) / np.float32(cell), np.float32)


def farthest(basis: F32, weights: F32) -> F32:
    """Over all poses, the largest length of the displacement in each cell, float32 (H, W)."""
    found = np.zeros(basis.shape[1:3], np.float32)
    _extremes(basis, weights, found, None)
    return np.asarray(np.sqrt(found), np.float32)


def mean_length(basis: F32, weights: F32, wanted: Mask) -> float:
    """The mean length of the displacement over all poses and over `wanted`, bool (H, W), which
    must not be empty."""
    basis, weights = np.ascontiguousarray(basis), np.ascontiguousarray(weights)
    poses, _found = _poses(basis)
    given = address(weights, np.float32, (len(weights), len(basis)))
    cells = np.ascontiguousarray(wanted)
    where = address(cells, np.bool_, basis.shape[1:3])
    total = _SUM_OF_LENGTHS(ctypes.byref(poses), given, len(weights), where)
    return float(total / (np.count_nonzero(cells) * len(weights)))


def _extremes(basis: F32, weights: F32, lengths: F32 | None, steepness: F32 | None) -> None:
    basis, weights = np.ascontiguousarray(basis), np.ascontiguousarray(weights)
    poses, _found = _poses(basis)
    given = address(weights, np.float32, (len(weights), len(basis)))
    found = [None if out is None else out.ctypes.data for out in (lengths, steepness)]
    _EXTREMES(ctypes.byref(poses), given, len(weights), *found)


def _poses(basis: F32) -> tuple[_Poses, F32]:
    """The structure, and what it works in, which has to be kept as long."""
    tones, rows, columns, _ = basis.shape
    found = np.empty((_GROUP, rows, columns, 2), np.float32)
    given = address(basis, np.float32, (tones, rows, columns, 2))
    return _Poses(tones, rows, columns, given, found.ctypes.data), found
