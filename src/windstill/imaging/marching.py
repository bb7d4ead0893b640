"""Carrying a picture on into a hole, so that lines go on: `marching.c`, called with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import address, load

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_MARCH = load("imaging", "marching").windstill_march
_RADIUS = 4
"""Pixels around each that it is made of."""


class _Picture(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("radius", ctypes.c_int32),
        ("pixels", ctypes.c_void_p),
        ("known", ctypes.c_void_p),
        ("distance", ctypes.c_void_p),
    ]


def carried_on(planes: Sequence[NDArray[np.generic]], known: Mask, hole: Mask) -> list[F32]:
    """Three planes of one size with their `hole` completed from what is `known`.

    planes: (H, W), any type. known, hole: bool (H, W); what is neither is ignored and comes back as
    it was. By the fast marching of Telea (2004), in the order of the distance transform, without
    its gradients, and with no rounding between the steps.
    """
    shape = rows, columns = known.shape
    pixels = np.zeros((*shape, 4), np.float32)
    for number, plane in enumerate(planes):
        pixels[..., number] = plane
    distance = cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)
    places = np.flatnonzero(hole & ~known)
    order = places[np.argsort(distance.ravel()[places], kind="stable")].astype(np.int32)
    reached = known.astype(np.uint8)
    picture = _Picture(
        rows,
        columns,
        _RADIUS,
        address(pixels, np.float32),
        address(reached, np.uint8),
        address(distance, np.float32, shape),
    )
    _MARCH(ctypes.byref(picture), ctypes.c_void_p(order.ctypes.data), len(order))
    return [np.ascontiguousarray(pixels[..., number]) for number in range(len(planes))]
