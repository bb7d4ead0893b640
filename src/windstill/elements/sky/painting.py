"""The compiled part of painting a sky: `painting.c`, called with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.bands import CoarseBand, FineBand
from windstill.elements.sky.bounds import Bounds
from windstill.elements.sky.lattice import CELL, NODES, Lattice
from windstill.imaging.compiled import Kept, address, load, plane_addresses
from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

_CHANNELS = 4
_STREAMS = 2
# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_PAINT = load("elements/sky", "painting").windstill_paint_sky
# Changes of the coarse band are summed up in 1/32 level.
_SUM_BITS = 5
DITHER_SIDE = 64
"""Pixels of the side of a pattern of dither."""


@dataclass(frozen=True)
class Stream:
    """origins: float32 (rows, columns, 2), luma pixels. The weights, int16, in 1/128, of what is
    blended plainly (shape and colour), of the coarse detail, and of the fine, at the lattice's
    nodes, see `windstill.elements.sky.lattice.Lattice.node_shape`."""

    origins: F32
    shape: I16
    detail: I16
    fine: I16


class _Bounds(ctypes.Structure):
    _fields_ = [("least", ctypes.c_void_p), ("most", ctypes.c_void_p)]


class _Sky(ctypes.Structure):
    _fields_ = [
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("coarse", ctypes.c_void_p),
        ("rest_luma", ctypes.c_void_p),
        ("rest_u", ctypes.c_void_p),
        ("rest_v", ctypes.c_void_p),
        ("units", ctypes.c_float * _CHANNELS),
        ("fine", ctypes.c_void_p),
        ("fine_rest", ctypes.c_void_p),
        ("fine_bits", ctypes.c_int32),
        ("fine_strength", ctypes.c_void_p),
        ("fine_unit", ctypes.c_float),
        ("luma_matte", ctypes.c_void_p),
        ("chroma_matte", ctypes.c_void_p),
        ("dither", ctypes.c_void_p),
        ("luma_bounds", _Bounds),
        ("u_bounds", _Bounds),
        ("v_bounds", _Bounds),
        ("shown", ctypes.c_void_p),
        ("near", ctypes.c_void_p),
        ("change", ctypes.c_void_p),
        ("mixed", ctypes.c_void_p),
        ("luma", ctypes.c_void_p),
        ("busy", ctypes.c_void_p),
        ("outside", ctypes.c_void_p),
    ]


class _Stream(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("origins", "shape", "detail", "fine", "patches", "from_", "weights")
    ]


class Painter:
    """Adds matte * (sky at a moment - sky at rest) to pictures.

    See `windstill.elements.sky.layer.SkyLayer` for what the arrays hold. nodes: uint8, not 0 for
    those at which the streams' weights are read.
    """

    def __init__(
        self,
        lattice: Lattice,
        coarse: CoarseBand,
        fine: FineBand | None,
        luma_matte: I16,
        chroma_matte: I16,
        dither: I8,
        bounds: Sequence[Bounds | None],
    ) -> None:
        """bounds: of the change of Y, U and V, or None."""
        if lattice.rim != 1:
            raise ValueError("the lattice to paint on has a rim of one cell")
        self._kept = Kept()
        height, width = lattice.height, lattice.width
        rows, columns = lattice.shape
        half = height // 2, width // 2
        self._cells, self._nodes = lattice.shape, lattice.node_shape
        self._shape = height, width
        shown = _patches(luma_matte, CELL, lattice)
        # The luma's change is interpolated between half-size pixels, also of the next patch.
        near = cv2.dilate(shown, np.ones((3, 3), np.uint8))
        near |= _patches(chroma_matte, CELL // 2, lattice)
        self.nodes = _nodes_of(near)
        rest = [
            np.left_shift(plane, _SUM_BITS - shift)
            for plane, shift in zip(coarse.rest, coarse.shifts, strict=True)
        ]
        given = self._kept.address
        self._sky = _Sky(
            height=height,
            width=width,
            rows=rows,
            columns=columns,
            coarse=given(coarse.plane, np.uint8, (height, width, _CHANNELS)),
            rest_luma=given(rest[0] + rest[3], np.int16, half),
            rest_u=given(rest[1], np.int16, half),
            rest_v=given(rest[2], np.int16, half),
            units=(ctypes.c_float * _CHANNELS)(*(2.0 ** (3 - shift) for shift in coarse.shifts)),
            luma_matte=given(_bytes(luma_matte), np.uint8, (height, width)),
            chroma_matte=given(_bytes(chroma_matte), np.uint8, half),
            dither=given(_repeated(dither, width), np.int8, (DITHER_SIDE, width)),
            shown=given(shown, np.uint8, (rows - 1, columns - 1)),
            near=given(near, np.uint8, shown.shape),
            change=given(np.zeros(half, np.int16), np.int16, half),
            mixed=given(np.empty((columns - 1) * 4 * _CHANNELS, np.int16), np.int16),
            luma=given(np.empty(width, np.int16), np.int16),
            busy=given(np.zeros(lattice.shape, np.uint8), np.uint8),
            outside=given(np.zeros(lattice.shape, np.uint8), np.uint8),
        )
        self._work = [
            (
                given(np.zeros(shown.shape, np.uint8), np.uint8),
                given(np.zeros((columns, 2), np.int32), np.int32),
                given(np.zeros((lattice.node_shape[1], _CHANNELS), np.int16), np.int16),
            )
            for _ in range(_STREAMS)
        ]
        if fine is not None:
            self._sky.fine = given(fine.plane, np.uint8, (2 * height, 2 * width))
            # From -127 to 127, as the bands' bytes are from 1 to 255.
            self._sky.fine_rest = given(fine.rest.astype(np.int8), np.int8, (height, width))
            self._sky.fine_bits = _SUM_BITS - fine.shift
            self._sky.fine_strength = given(fine.strength, np.float32, lattice.shape)
            self._sky.fine_unit = 2.0 ** (2 - fine.shift)
        self._sky.luma_bounds, self._sky.u_bounds, self._sky.v_bounds = (
            self._bounds(each, shape)
            for each, shape in zip(bounds, ((height, width), half, half), strict=True)
        )

    def paint(self, streams: Sequence[Stream], canvas: Planes, rows: U8 | None = None) -> None:
        """Adds to `canvas`, of the lattice's size, what the streams show.

        rows: uint8 (H,), not 0 where the luma is wanted; other rows may be left as they are, and
        the mean of luma is kept over these alone.
        """
        if canvas.shape != self._shape:
            raise ValueError(f"a canvas of {canvas.shape} for a sky of {self._shape}")
        if len(streams) > len(self._work):
            raise ValueError(f"{len(streams)} streams where there can be {len(self._work)}")
        given = (_Stream * len(streams))()
        for stream, target, work in zip(streams, given, self._work, strict=False):
            target.patches, target.from_, target.weights = work
            target.origins = address(stream.origins, np.float32, (*self._cells, 2))
            for name in ("shape", "detail", "fine"):
                setattr(target, name, address(getattr(stream, name), np.int16, self._nodes))
        wanted = None if rows is None else address(rows, np.uint8, self._shape[:1])
        planes = plane_addresses(canvas)
        _PAINT(ctypes.byref(self._sky), given, len(streams), ctypes.c_void_p(wanted), planes)

    def _bounds(self, bounds: Bounds | None, shape: tuple[int, int]) -> _Bounds:
        if bounds is None:
            return _Bounds(None, None)
        return _Bounds(
            self._kept.address(bounds.least, np.int8, shape),
            self._kept.address(bounds.most, np.int8, shape),
        )


def _bytes(matte: I16) -> U8:
    """A matte of 0 to 256 as `painting.c` takes it: 1 less, but 0, so that 1 is lost."""
    found: U8 = np.maximum(matte - np.int16(1), np.int16(0)).astype(np.uint8)
    return found


def _repeated(dither: I8, width: int) -> I8:
    """The pattern side by side over a width, int8 (DITHER_SIDE, width)."""
    return np.tile(dither, (1, -(-width // DITHER_SIDE)))[:, :width]


def _nodes_of(patches: U8) -> U8:
    """The nodes in and around any of these patches, uint8 `Lattice.node_shape`."""
    rows, columns = patches.shape
    found = np.zeros((NODES * rows + 1, NODES * columns + 1), np.uint8)
    for down in range(NODES + 1):
        lines = found[down : down + NODES * rows : NODES]
        for across in range(NODES + 1):
            lines[:, across : across + NODES * columns : NODES] |= patches
    return found


def _patches(matte: I16, side: int, lattice: Lattice) -> U8:
    """In which squares between the centres of four cells, of `side` pixels, a matte is not 0."""
    rows, columns = lattice.rows + 1, lattice.columns + 1
    height, width = matte.shape
    whole = np.zeros((rows * side, columns * side), np.uint8)
    half = side // 2
    np.greater(matte, 0, out=whole[half : half + height, half : half + width], casting="unsafe")
    # One of the 64 of a square is 4 of 255.
    whole *= np.uint8(255)
    mean = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    found: U8 = (mean > 0).astype(np.uint8)
    return found
