"""The compiled part of painting hair: `painting.c`, called with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.coverage import Span
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.value_range import ValueRange
from windstill.imaging.compiled import Kept, address, load, plane_addresses
from windstill.imaging.planes import Planes
from windstill.imaging.warp import double

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_PAINT = load("elements/hair", "painting").windstill_paint_hair
# Pixels that are painted at a time, and samples that are read beside a position.
_WIDTH, _BESIDE = 8, 2


class _Span(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("top", "left", "bottom", "right")]


class _Sheet(ctypes.Structure):
    _fields_ = [
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("cell", ctypes.c_int32),
        ("scale", ctypes.c_float),
        ("offset", ctypes.c_float),
        ("samples", ctypes.c_void_p),
        ("cells", ctypes.c_void_p),
        ("shares", ctypes.c_void_p),
        ("spans", ctypes.POINTER(_Span)),
        ("least", ctypes.c_void_p * 2),
        ("most", ctypes.c_void_p * 2),
        ("stride", ctypes.c_int32),
    ]


class _Hair(ctypes.Structure):
    _fields_ = [
        ("tones", ctypes.c_int32),
        ("spans", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("basis", ctypes.c_void_p),
        ("rest", ctypes.c_void_p),
        ("luma", _Sheet),
        ("chroma", _Sheet),
        ("pose", ctypes.c_void_p),
        ("work", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Cutout:
    """Hair ready to be painted.

    still: the photo; plate: what is behind the hair; hair: its matte, float32 (H, W); travel:
    float32 (H, W), how far it moves at each pixel; limits: what pixels may become; all of the
    grid's region. spans: the rectangles that are painted, those without doubt opaque.
    """

    grid: Grid
    still: Planes
    plate: Planes
    hair: F32
    travel: F32
    limits: ValueRange
    spans: Sequence[Span]


class Painter:
    """Lays hair over pictures, in any pose."""

    def __init__(self, cutout: Cutout, basis: F32) -> None:
        """basis: float32 (T, rows, columns, 2), displacements in luma pixels."""
        self._kept = Kept()
        self._shape = cutout.grid.region.shape
        self._tones = len(basis)
        given = self._kept.address
        still, plate, spans = cutout.still, cutout.plate, cutout.spans
        half = cv2.resize(cutout.hair, still.u.shape[::-1], interpolation=cv2.INTER_AREA)
        luma = _samples([still.y], [plate.y], cutout.hair)
        chroma = _samples([still.u, still.v], [plate.u, plate.v], half)
        border = int(np.ceil(2 * cutout.travel.max())) + _BESIDE
        rows, columns = cutout.grid.shape
        self._hair = _Hair(
            tones=len(basis),
            spans=len(spans),
            rows=rows,
            columns=columns,
            # Positions in planes of twice the size; a displacement tells where hair came from.
            basis=given(-2 * basis, np.float32, (len(basis), rows, columns, 2)),
            rest=given(2 * cutout.grid.centres(), np.float32, (rows, columns, 2)),
            luma=self._sheet(luma, border, cutout.grid, 1, [span.luma for span in spans]),
            # A chroma pixel lies between its four luma pixels: luma 2i + 1/2 is chroma i.
            chroma=self._sheet(chroma, border, cutout.grid, 2, [span.chroma for span in spans]),
            pose=given(np.empty((rows, columns, 2), np.float32), np.float32),
            work=given(np.empty(4 * (self._shape[1] + _WIDTH), np.float32), np.float32),
        )
        least, most = _only_where_doubtful(cutout.limits, spans)
        small = self._shape[0] // 2, self._shape[1] // 2
        for ends, bounds in (("least", least), ("most", most)):
            luma_end, *chroma_ends = bounds.y, bounds.u, bounds.v
            setattr(self._hair.luma, ends, _two(given(luma_end, np.uint8, self._shape), 0))
            setattr(
                self._hair.chroma,
                ends,
                _two(*(given(end, np.uint8, small) for end in chroma_ends)),
            )

    def paint(self, weights: F32, canvas: Planes) -> None:
        """Paints over `canvas`, of the grid's region, in place. weights: float32 (T,), of the
        basis."""
        if canvas.shape != self._shape:
            raise ValueError(f"a canvas of {canvas.shape} for hair of {self._shape}")
        given = address(weights, np.float32, (self._tones,))
        _PAINT(ctypes.byref(self._hair), ctypes.c_void_p(given), plane_addresses(canvas))

    def _sheet(
        self,
        samples: I16,
        border: int,
        grid: Grid,
        subsampling: int,
        spans: Sequence[tuple[slice, slice]],
    ) -> _Sheet:
        """Planes of one size; samples: as `_samples` gives them."""
        given = self._kept.address
        wide = cv2.copyMakeBorder(samples, border, border, border, border, cv2.BORDER_REFLECT_101)
        cell = grid.cell // subsampling
        columns = grid.region.shape[1] // subsampling
        # Between which cells each column of pixels is; there is a rim of one cell.
        along = (np.arange(columns + _WIDTH) + 0.5) / cell + 0.5
        along = np.minimum(along, grid.shape[1] - 1.001)
        cells = along.astype(np.int32)
        found = [_Span(rows.start, across.start, rows.stop, across.stop) for rows, across in spans]
        return _Sheet(
            height=wide.shape[0],
            width=wide.shape[1],
            cell=cell,
            scale=1 / subsampling,
            offset=border - (subsampling - 1) / 2,
            samples=given(wide, np.int16),
            cells=given(cells, np.int32),
            shares=given((along - cells).astype(np.float32), np.float32),
            spans=(_Span * len(found))(*found),
            stride=columns,
        )


def _samples(stills: list[U8], plates: list[U8], hair: F32) -> I16:
    """The light of hair in planes of one size, doubled, and how clear it is, 0 to 255.

    int16 (2H, 2W, channels): one or two planes' light and the clearness, and nothing if that makes
    an odd number.
    """
    clear = double(np.rint(255 * (1 - hair)).astype(np.uint8))
    channels = []
    # The light is taken from the enlarged planes: enlarged by itself it would overshoot at
    # hard edges where the matte, which ends at 0 and 1, can't, and leave a dark seam there.
    for still, plate in zip(stills, plates, strict=True):
        behind = cv2.multiply(clear, double(plate, crisp=True), scale=1 / 255)
        channels.append(cv2.subtract(double(still, crisp=True), behind, dtype=cv2.CV_16S))
    channels.append(clear.astype(np.int16))
    if len(channels) % 2:
        channels.append(np.zeros(clear.shape, np.int16))
    samples: I16 = cv2.merge(channels)
    return samples


def _two(first: int, second: int) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * 2)(first, second)


def _only_where_doubtful(limits: ValueRange, spans: Sequence[Span]) -> tuple[Planes, Planes]:
    """The limits, but where hair is opaque: there what is behind can't be wrong."""
    least, most = limits.least.copy(), limits.most.copy()
    for bounds, value in ((least, 0), (most, 255)):
        for span in spans:
            if span.opaque:
                bounds.y[span.luma] = value
                bounds.u[span.chroma] = bounds.v[span.chroma] = value
    return least, most
