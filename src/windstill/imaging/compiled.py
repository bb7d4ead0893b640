"""Libraries of our own, compiled when Windstill is installed (see setup.py)."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

# OpenCV's number for the processors that have it (CpuFeatures in opencv2/core/cvdef.h).
AVX2 = 11


def library_file(folder: str, name: str) -> Path:
    """The library NAME in a folder of the package, for this machine's processor.

    Raises RuntimeError if there is none, as in a source tree that was never installed.
    """
    here = Path(__file__).parents[1] / folder
    fast, plain = here / f"_{name}_avx2.so", here / f"_{name}.so"
    chosen = fast if fast.exists() and cv2.checkHardwareSupport(AVX2) else plain
    if not chosen.exists():
        raise RuntimeError(f"{chosen} has not been built; install Windstill, or run `make setup`")
    return chosen


@cache
def load(folder: str, name: str) -> ctypes.CDLL:
    """The library, loaded once. Raises RuntimeError if it is missing, OSError if damaged."""
    return ctypes.CDLL(str(library_file(folder, name)))


def address(
    array: NDArray[Any], dtype: type[np.generic], shape: tuple[int, ...] | None = None
) -> int:
    """Where the array's first element is; C can't check what is checked here.

    Raises ValueError unless the array is contiguous and of this type and, if given, shape.
    """
    right = array.dtype == dtype and array.flags.c_contiguous
    if not right or (shape is not None and array.shape != shape):
        raise ValueError(f"{array.dtype} {array.shape} in place of {np.dtype(dtype)} {shape}")
    return array.ctypes.data


class PlaneAddress(ctypes.Structure):
    """`Plane` of words.h."""

    _fields_ = [("pixels", ctypes.c_void_p), ("stride", ctypes.c_ssize_t)]


def plane_addresses(planes: Planes) -> ctypes.Array[PlaneAddress]:
    """Where Y, U and V are, which may be parts of larger ones."""
    found = (
        PlaneAddress(each.ctypes.data, each.strides[0]) for each in (planes.y, planes.u, planes.v)
    )
    return (PlaneAddress * 3)(*found)


class Kept:
    """Arrays that a structure in C points to; they live as long as this does."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []

    def address(
        self, array: NDArray[Any], dtype: type[np.generic], shape: tuple[int, ...] | None = None
    ) -> int:
        """Where the array, or a contiguous copy of it, is. Raises ValueError as `address` does."""
        whole = np.ascontiguousarray(array)
        self._arrays.append(whole)
        return address(whole, dtype, shape)
