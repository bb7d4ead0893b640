"""The sky, painted at any moment of the loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.bands import CoarseBand, FineBand
from windstill.elements.sky.bounds import Bounds
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import CELL, Lattice
from windstill.elements.sky.mosaic import in_tiles, mosaics
from windstill.elements.sky.streams import Moments, Turns, uncorrelated_gain
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# Weights are counted in 1/128, differences in 1/64 of a level: all fits 16 bits.
WEIGHT_ONE = 128
LEVEL_BITS = 6
# Detail that reading between samples loses, on average over all sub-pixel shifts.
SAMPLING_LOSS = 0.03


@dataclass
class SkyLayer:
    """A sky in front of which nothing moves, as differences to the photo.

    Each frame adds matte * (sky now - sky at rest) to the canvas, so at rest the photo comes back
    exactly, and what stands in front keeps its own colours.

    wander: float32 (copies, rows, columns, 2), what each copy is displaced by beside its drift.
    matte: int16 (H, W) and (H/2, W/2) of the region, 0 to 256. dither: int16, the size of the
    luma matte, in 1/64 level. bounds: of the change of Y, U and V. crispness: float32
    (K,), what the detail of whatever has moved is raised by, at the middles of K equal parts of
    the loop.
    """

    region: Region
    lattice: Lattice
    frames: int
    drift: Drift
    wander: F32
    turns: Turns
    moments: Moments
    coarse: CoarseBand
    fine: FineBand | None
    luma_matte: I16
    chroma_matte: I16
    dither: I16
    bounds: tuple[Bounds | None, Bounds | None, Bounds | None] = (None, None, None)
    crispness: F32 = field(default_factory=lambda: np.array([SAMPLING_LOSS], np.float32))
    reach: float = 0.0
    _work: _Buffers | None = field(default=None, repr=False)

    def paint(self, frame: int, canvas: Planes) -> None:
        """See `windstill.elements.base.Layer`."""
        self.paint_at(frame / self.frames, canvas)

    def crispness_at(self, time: float) -> float:
        """The crispness at `time` (loops), interpolated."""
        count = len(self.crispness)
        middles = (np.arange(count) + 0.5) / count
        return float(np.interp(time, middles, self.crispness, period=1))

    def paint_at(self, time: float, canvas: Planes) -> None:
        """Paints the sky at any `time`, 0 to 1 loops."""
        if self._work is None:
            self._work = _Buffers.of(self)
        work = self._work
        streams = self._streams(time)
        self._mix_coarse(streams, work)
        view = canvas.crop(self.region)
        size = self.luma_matte.shape[1], self.luma_matte.shape[0]
        cv2.resize(work.change[0], size, dst=work.luma, interpolation=cv2.INTER_LINEAR)
        if self.fine is not None:
            self._add_fine(streams, self.fine, work)
        luma, *chroma = self.bounds
        _add(view.y, work.luma, self.luma_matte, self.dither, luma)
        half = self.chroma_matte.shape
        dither = self.dither[: half[0], : half[1]]
        for plane, change, bounds in zip((view.u, view.v), work.change[1:3], chroma, strict=True):
            _add(plane, change, self.chroma_matte, dither, bounds)

    def _streams(self, time: float) -> list[_Stream]:
        """The streams that are seen anywhere at `time`."""
        even, odd = self.turns.at(time)
        # The older copy of a place is the early one.
        early = np.where(even.age > odd.age, even.weight, odd.weight)
        detail_gain = self.moments.gain(early, 1 - early)
        fine_gain = uncorrelated_gain(early, 1 - early)
        crispness = np.float32(self.crispness_at(time))
        found = []
        for age, weight, copy in (even, odd):
            if weight.any():
                # Only the first copy, at age 0, is the photo itself; every other was read between
                # samples.
                moved = np.where(copy == 0, np.minimum(np.abs(age) * 20, 1), np.float32(1))
                sharper = weight * (1 + crispness * moved)
                shape, detail, fine = (
                    np.rint(raised * np.float32(WEIGHT_ONE)).astype(np.int16)
                    for raised in (weight, sharper * detail_gain, sharper * fine_gain)
                )
                origins = self.drift.origins(age) - self._wander_of(copy)
                found.append(_Stream(origins, shape, detail, fine))
        return found

    def _wander_of(self, copy: NDArray[np.int32]) -> F32:
        first = int(copy[0, 0])
        chosen: F32 = self.wander[first]
        if (copy != first).any():
            rows, columns = np.ogrid[: copy.shape[0], : copy.shape[1]]
            chosen = self.wander[copy, rows, columns]
        return chosen

    def _mix_coarse(self, streams: list[_Stream], work: _Buffers) -> None:
        np.multiply(self.coarse.rest, np.int16(-WEIGHT_ONE), out=work.change)
        scale = CELL // 2
        for stream in streams:
            # The doubled half-size plane has a sample at every luma pixel, half a pixel off.
            places = self.lattice.enlarge(stream.origins - np.float32(0.5), scale, work.places)
            cv2.remap(
                self.coarse.plane,
                places,
                None,
                cv2.INTER_LINEAR,
                dst=work.warped,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            detail = self.lattice.enlarge(stream.detail, scale, work.detail)
            shape = self.lattice.enlarge(stream.shape, scale, work.shape)
            channels = cv2.split(work.warped, work.split)
            weights = detail, shape, shape, shape
            for channel, weight, total in zip(channels, weights, work.change, strict=True):
                np.subtract(channel, np.int16(128), out=work.term)
                np.multiply(work.term, weight, out=work.term)
                np.add(total, work.term, out=total)
        for shift, total in zip(self.coarse.shifts, work.change, strict=True):
            np.right_shift(total, np.int16(7 - LEVEL_BITS + shift), out=total)
        np.add(work.change[0], work.change[3], out=work.change[0])
        # Bright clouds come and go at the region's edges; its mean must not flicker with them.
        drifted = cv2.mean(work.change[0], self._half_of_sky)[0]
        np.subtract(work.change[0], np.int16(round(drifted)), out=work.change[0])

    def _add_fine(self, streams: list[_Stream], fine: FineBand, work: _Buffers) -> None:
        """Adds the change of the fine detail to the luma's, wherever there is any."""
        for mosaic in mosaics(self.lattice, self._fine_cells(streams, fine)):
            total = mosaic.of(work.fine_rest) * np.int16(-WEIGHT_ONE)
            for stream in streams:
                weights = mosaic.cells(stream.fine)
                if not weights.any():
                    continue
                places = mosaic.enlarge(mosaic.cells(stream.origins) * np.float32(2))
                detail = np.subtract(mosaic.read(fine.plane, places), 128, dtype=np.int16)
                np.multiply(detail, mosaic.enlarge(weights), out=detail)
                np.add(total, detail, out=total)
            np.right_shift(total, np.int16(7 - LEVEL_BITS + fine.shift), out=total)
            mosaic.add(work.luma_tiles, total)

    def _fine_cells(self, streams: list[_Stream], fine: FineBand) -> NDArray[np.bool_]:
        """The cells, without the rim, in which fine detail shows or is hidden."""
        busy = fine.strength.copy()
        for stream in streams:
            at = stream.origins * np.float32(1 / CELL) + np.float32(
                self.lattice.rim - 0.5 + 0.5 / CELL
            )
            shown = cv2.remap(
                fine.strength, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
            )
            busy = np.where(stream.shape > 0, np.maximum(busy, shown), busy)
        rim = self.lattice.rim
        seen: NDArray[np.bool_] = (busy[rim:-rim, rim:-rim] > 0) & self._cells_of_sky
        return seen

    @cached_property
    def _half_of_sky(self) -> U8:
        return (self.chroma_matte > 128).astype(np.uint8)

    @cached_property
    def _cells_of_sky(self) -> NDArray[np.bool_]:
        rim = self.lattice.rim
        return self.lattice.reduce(self.luma_matte)[rim:-rim, rim:-rim] > 0


@dataclass(frozen=True)
class _Stream:
    """origins: float32 (rows, columns, 2), luma pixels. The weights, int16 (rows, columns), of
    what is blended plainly (shape and colour), of the coarse detail, and of the fine."""

    origins: F32
    shape: I16
    detail: I16
    fine: I16


@dataclass(frozen=True)
class _Buffers:
    """Everything that painting writes to, allocated once.

    luma: the change of Y; luma_tiles: the same memory as `in_tiles` gives it. fine_rest: that of
    the fine band likewise.
    """

    places: F32
    shape: I16
    detail: I16
    warped: U8
    split: tuple[U8, U8, U8, U8]
    term: I16
    change: I16
    luma: I16
    luma_tiles: I16
    fine_rest: I16

    @staticmethod
    def of(layer: SkyLayer) -> _Buffers:
        lattice, chroma = layer.lattice, layer.chroma_matte
        luma, luma_tiles = in_tiles(lattice, np.int16)
        fine_rest, rest_tiles = in_tiles(lattice, np.int16)
        if layer.fine is not None:
            fine_rest[:] = layer.fine.rest
        scale = CELL // 2
        rimmed = lattice.shape[0] * scale, lattice.shape[1] * scale
        half = chroma.shape
        return _Buffers(
            places=np.empty((*rimmed, 2), np.float32),
            shape=np.empty(rimmed, np.int16),
            detail=np.empty(rimmed, np.int16),
            warped=np.empty((*half, 4), np.uint8),
            split=tuple(np.empty(half, np.uint8) for _ in range(4)),  # type: ignore[arg-type]
            term=np.empty(half, np.int16),
            change=np.empty((4, *half), np.int16),
            luma=luma,
            luma_tiles=luma_tiles,
            fine_rest=rest_tiles,
        )


def _add(plane: U8, change: I16, matte: I16, dither: I16, bounds: Bounds | None) -> None:
    """plane += matte * change within bounds; change is in 1/64 level and is used up."""
    cv2.multiply(change, matte, dst=change, scale=1 / 256)
    np.add(change, dither, out=change)
    np.right_shift(change, np.int16(LEVEL_BITS), out=change)
    if bounds is None:
        cv2.add(plane, change, dst=plane, dtype=cv2.CV_8U)
        return
    bounds.hold(change)
    # There is nothing behind the sky, so what is within bounds of the photo fits a byte, and bytes
    # that wrap around add up to the same, at a fifth of the price.
    np.add(plane, change.astype(np.uint8), out=plane)
