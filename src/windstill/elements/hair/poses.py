"""What is extreme in all poses of hair in a loop: `poses.c`, called with arrays."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import address, load
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_LIBRARY = load("elements/hair", "poses")
_LONGEST, _STRAIN = _LIBRARY.windstill_longest, _LIBRARY.windstill_strain
_POINTER = ctypes.c_void_p
_LONGEST.argtypes = [_POINTER, _POINTER, ctypes.c_int32, _POINTER]
_STRAIN.argtypes = [*_LONGEST.argtypes, ctypes.c_float, _POINTER]
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


def farthest(basis: F32, weights: F32) -> F32:
    """Over all poses, the largest length of the displacement in each cell, float32 (H, W).

    basis: float32 (T, H, W, 2), pixels. weights: float32 (P, T), one row a pose.
    """
    found = np.zeros(basis.shape[1:3], np.float32)
    basis, weights = np.ascontiguousarray(basis), np.ascontiguousarray(weights)
    poses, _work = _poses(basis)
    given = address(weights, np.float32, (len(weights), len(basis)))
    _LONGEST(ctypes.byref(poses), given, len(weights), found.ctypes.data)
    return np.sqrt(found)


def strain(basis: F32, weights: F32, strands: Orientation, cell: int) -> F32:
    """Over all poses, how many times more than strands bear is done to them; float32 (H, W).

    basis, weights: as for `farthest`. strands: their orientation in each cell. cell: pixels. What
    they bear is said in `poses.c`; at 1 nothing looks stretched or folded. Differences are
    one-sided, of which bilinear enlargement consists, so no enlarged displacement is steeper.
    """
    found = np.zeros(basis.shape[1:3], np.float32)
    basis, weights = np.ascontiguousarray(basis), np.ascontiguousarray(weights)
    poses, _work = _poses(basis)
    given = address(weights, np.float32, (len(weights), len(basis)))
    tangent = strands.tangent()
    along = np.ascontiguousarray(np.dstack([tangent, strands.coherence]), np.float32)
    directions = address(along, np.float32, (*found.shape, 3))
    _STRAIN(ctypes.byref(poses), given, len(weights), directions, 1 / cell, found.ctypes.data)
    return found


def _poses(basis: F32) -> tuple[_Poses, F32]:
    """The structure, and what it works in, which has to be kept as long."""
    tones, rows, columns, _ = basis.shape
    found = np.empty((_GROUP, rows, columns, 2), np.float32)
    given = address(basis, np.float32, (tones, rows, columns, 2))
    return _Poses(tones, rows, columns, given, found.ctypes.data), found
