"""Painting swaying hair over whatever is behind it.

The photo is P = Q + (1 - a) B with the matte a and the plate B behind the hair, so the hair's
own, premultiplied light Q = P - (1 - a) B needs no estimate of its colour, and every error of
matte and plate is part of Q and moves with the hair. A frame is

    O(x) = Q(x - D) + (1 - a(x - D)) C(x)

where C is the canvas: the plate, with whatever moves behind already painted on it. With D = 0 and
C = B that is the photo to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.coverage import spans
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.limits import Limits
from windstill.elements.hair.strength import HeadsOfHair
from windstill.elements.hair.sway import Sway, weighted_sum
from windstill.imaging.planes import Planes, Region
from windstill.imaging.warp import double

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class _Sampled:
    """A span's map (whole and fraction), and what is sampled through it or multiplied then.

    behind is 0 until something is painted behind the hair.
    """

    whole: I16
    fraction: NDArray[np.uint16]
    light: I16
    clear: U8
    behind: U8


class _Buffers:
    """A plane's map, and what is sampled through it, cut into spans once for all."""

    def __init__(self, shape: tuple[int, int], places: list[tuple[slice, slice]]) -> None:
        self.places = places
        whole = np.empty((*shape, 2), np.int16)
        fraction = np.empty(shape, np.uint16)
        light = np.empty(shape, np.int16)
        clear, behind = np.empty(shape, np.uint8), np.zeros(shape, np.uint8)
        self.spans = [
            _Sampled(whole[p], fraction[p], light[p], clear[p], behind[p]) for p in places
        ]

    def map(self, positions: F32) -> None:
        """Takes positions in planes of twice the size, float32 (H, W, 2)."""
        for place, span in zip(self.places, self.spans, strict=True):
            cv2.convertMaps(
                positions[place], None, cv2.CV_16SC2, dstmap1=span.whole, dstmap2=span.fraction
            )


class _Light:
    """The hair of planes of one size, ready to be sampled."""

    def __init__(self, stills: list[U8], plates: list[U8], hair: F32) -> None:
        # The light is taken from the enlarged planes: enlarged by itself it would overshoot at
        # hard edges where the matte, which ends at 0 and 1, can't, and leave a dark seam there.
        self._clear = double(np.rint(255 * (1 - hair)).astype(np.uint8))
        self._lights: list[I16] = []
        for still, plate in zip(stills, plates, strict=True):
            behind = cv2.multiply(self._clear, double(plate, crisp=True), scale=1 / 255)
            light = cv2.subtract(double(still, crisp=True), behind, dtype=cv2.CV_16S)
            self._lights.append(light)

    def paint(
        self,
        buffers: _Buffers,
        opaque: list[bool],
        canvases: list[U8],
        limits: Limits | None = None,
    ) -> None:
        """Paints over `canvases` at the positions that the buffers' maps hold, within `limits`."""
        for place, span, solid in zip(buffers.places, buffers.spans, opaque, strict=True):
            if not solid:
                _sample(self._clear, span.whole, span.fraction, span.clear)
            for source, canvas in zip(self._lights, canvases, strict=True):
                target = canvas[place]
                _sample(source, span.whole, span.fraction, span.light)
                if not solid:
                    cv2.multiply(span.clear, target, dst=span.behind, scale=1 / 255)
                cv2.add(span.light, span.behind, dst=target, dtype=cv2.CV_8U)
                if limits is not None and not solid:
                    limits.hold(place, target)


def _sample(source: U8 | I16, whole: I16, fraction: NDArray[np.uint16], out: U8 | I16) -> None:
    cv2.remap(source, whole, fraction, cv2.INTER_LINEAR, dst=out, borderMode=cv2.BORDER_REFLECT_101)


class Patch:
    """Hair that moves within one region of the picture."""

    def __init__(
        self,
        grid: Grid,
        still: Planes,
        plate: Planes,
        hair: F32,
        heads_of_hair: HeadsOfHair,
        sway: Sway,
        travel: F32,
        limits: Limits,
        frames: int,
    ) -> None:
        """still, plate, hair, travel, limits: of the grid's region. frames: of the loop.

        sway: that of `heads_of_hair` in the wind that blows.
        """
        self.region: Region = grid.region
        self.grid, self.hair = grid, hair
        self.heads_of_hair, self.sway = heads_of_hair, sway
        self._cell = grid.cell
        self._weights = sway.weights(np.arange(frames) / frames)
        # Positions in planes of twice the size; a displacement tells where the hair came from.
        self._basis = np.ascontiguousarray(-2 * sway.basis.reshape(sway.basis.shape[0], -1))
        self._centres = 2 * grid.centres()
        self._coarse = np.empty_like(self._centres)
        rows, columns = grid.shape
        self._fine = np.empty((rows * grid.cell, columns * grid.cell, 2), np.float32)
        found = spans(hair, travel)
        self._limits = limits
        self._opaque = [span.opaque for span in found]
        self._luma_buffers = _Buffers(still.y.shape, [span.luma for span in found])
        self._chroma_buffers = _Buffers(still.u.shape, [span.chroma for span in found])
        half = cv2.resize(hair, still.u.shape[::-1], interpolation=cv2.INTER_AREA)
        self._luma = _Light([still.y], [plate.y], hair)
        self._chroma = _Light([still.u, still.v], [plate.u, plate.v], half)

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints frame `frame` over a whole picture, in place."""
        weighted_sum(self._weights[frame], self._basis, out=self._coarse.reshape(-1))
        self._coarse += self._centres
        view = canvas.crop(self.region)
        self._luma_buffers.map(self._enlarged(1))
        self._luma.paint(self._luma_buffers, self._opaque, [view.y], self._limits)
        self._chroma_buffers.map(self._enlarged(2))
        self._chroma.paint(self._chroma_buffers, self._opaque, [view.u, view.v])

    def _enlarged(self, subsampling: int) -> F32:
        """The pose at the pixels of a plane, in pixels of that plane made twice as large."""
        rows, columns = self._fine.shape[0] // subsampling, self._fine.shape[1] // subsampling
        cell = self._cell // subsampling
        fine = self._fine.reshape(-1)[: rows * columns * 2].reshape(rows, columns, 2)
        pose = self._coarse
        if subsampling == 2:
            # A chroma pixel lies between its four luma pixels: luma 2i + 1/2 is chroma i.
            pose = (pose - np.float32(1)) / np.float32(2)
        cv2.resize(pose, (columns, rows), dst=fine, interpolation=cv2.INTER_LINEAR)
        height, width = self.region.shape
        return fine[cell : cell + height // subsampling, cell : cell + width // subsampling]


@dataclass
class HairLayer:
    """All hair of a picture. patches: back to front."""

    patches: tuple[Patch, ...]
    region: Region
    reach: float

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints frame `frame` over `canvas`, which holds the scene behind, in place."""
        for patch in self.patches:
            patch.paint(frame, canvas)
