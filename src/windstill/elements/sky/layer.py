"""The sky, painted at any moment of the loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.bands import CoarseBand, FineBand
from windstill.elements.sky.bounds import Bounds
from windstill.elements.sky.crossfade import Crossfade, CrossfadeSchedule
from windstill.elements.sky.crossfade_statistics import CrossfadeStatistics
from windstill.elements.sky.dilations import Dilations
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import Lattice
from windstill.elements.sky.painting import Painter
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# Detail that reading between samples loses, on average over all sub-pixel shifts.
SAMPLING_LOSS = 0.03


@dataclass
class SkyLayer:
    """A sky in front of which nothing moves, as differences to the photo.

    Each frame adds matte * (sky now - sky at rest) to the canvas, so at rest the photo comes back
    exactly, and what stands in front keeps its own colours.

    matte: int16 (H, W) and (H/2, W/2) of the region, 0 to 256. dither: int8 (DITHER_SIDE,
    DITHER_SIDE), in 1/64 level, repeated all over the region. bounds: of the change of Y, U
    and V. crispness: float32 (K,), what the detail of whatever has moved is raised by, at the
    middles of K equal parts of the loop. free, known: uint8 (H/2, W/2), 0 to 255, and colour: as of
    `open_sky.OpenSky`, for those who paint the same sky elsewhere.
    """

    region: Region
    lattice: Lattice
    frames: int
    drift: Drift
    schedule: CrossfadeSchedule
    statistics: CrossfadeStatistics
    dilations: Dilations
    coarse: CoarseBand
    fine: FineBand | None
    luma_matte: I16
    chroma_matte: I16
    free: U8
    known: U8
    colour: tuple[float, float, float]
    dither: I8
    bounds: tuple[Bounds | None, Bounds | None, Bounds | None] = (None, None, None)
    crispness: F32 = field(default_factory=lambda: np.array([SAMPLING_LOSS], np.float32))
    reach: float = 0.0

    def paint(self, frame: int, canvas: Planes) -> None:
        """See `windstill.elements.base.Layer`."""
        self.paint_at(frame / self.frames, canvas)

    def crispness_at(self, time: float) -> float:
        """The crispness at `time` (loops), interpolated."""
        count = len(self.crispness)
        at = time * count - 0.5
        before = math.floor(at)
        early, late = (float(self.crispness[index % count]) for index in (before, before + 1))
        return early + (at - before) * (late - early)

    def paint_at(self, time: float, canvas: Planes, rows: U8 | None = None) -> None:
        """Paints the sky at any `time`, 0 to 1 loops.

        rows: uint8, not 0 for the rows of the region whose luma is wanted; None for everything.
        """
        streams = self._crossfade.streams(time, self.crispness_at(time))
        self._painter.paint(streams, canvas.crop(self.region), rows)

    def luma_at_rest(self) -> F32:
        """What moves of the sky's luma, as it is in the photo: levels, float32 (H, W)."""
        detail, _, _, shape = (
            plane.astype(np.float32) / np.float32(2.0**shift)
            for plane, shift in zip(self.coarse.rest, self.coarse.shifts, strict=True)
        )
        height, width = self.region.shape
        rest: F32 = cv2.resize(detail + shape, (width, height), interpolation=cv2.INTER_LINEAR)
        if self.fine is not None:
            rest += self.fine.rest / np.float32(2.0**self.fine.shift)
        return rest

    @cached_property
    def _crossfade(self) -> Crossfade:
        return Crossfade(
            self.lattice,
            self.schedule,
            self.statistics,
            self.dilations,
            self.drift,
            self._painter.nodes,
        )

    @cached_property
    def _painter(self) -> Painter:
        return Painter(
            self.lattice,
            self.coarse,
            self.fine,
            self.luma_matte,
            self.chroma_matte,
            self.dither,
            self.bounds,
        )
