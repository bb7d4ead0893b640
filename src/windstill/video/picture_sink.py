"""Reduced frames to GIF and animated WebP through FFmpeg's libraries."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from windstill.imaging.planes import Planes
from windstill.video.muxer import Muxer
from windstill.video.palette import Palette
from windstill.video.plan import Plan
from windstill.video.reduction import reduce
from windstill.video.settings import CODECS, ffmpeg_options

U8 = NDArray[np.uint8]

_PIXELS = {"gif": "pal8", "webp": "bgra"}
_UNITS_PER_SECOND = {"gif": 100, "webp": 1000}


class PictureSink:
    """An animated picture being encoded from planes."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._reduction = reduce(plan)
        self.width, self.height = self._reduction.width, self._reduction.height
        self.frame_count = len(self._reduction.kept)
        self._kept = set(self._reduction.kept)
        self._name = plan.container.name
        self._time_base = Fraction(1, _UNITS_PER_SECOND[self._name])
        self._times = [
            round(plan.seconds * index / self.frame_count / self._time_base)
            for index in range(self.frame_count + 1)
        ]
        self._written = 0
        self._palette: Palette | None = None
        options = {"loop": str(_count(self._name, plan.loops)), "fflags": "+bitexact"}
        if self._name == "gif":
            options["final_delay"] = str(self._times[-1] - self._times[-2])
        self._muxer = Muxer(path, self._name, options)
        try:
            self._stream = self._add_stream(plan)
        except BaseException:
            self._muxer.abort()
            raise

    def _add_stream(self, plan: Plan) -> VideoStream:
        encoder = CODECS[plan.codec].encoder
        stream = cast(VideoStream, self._muxer.container.add_stream(encoder))
        context = stream.codec_context
        context.width, context.height = self.width, self.height
        context.pix_fmt = _PIXELS[self._name]
        context.time_base = self._time_base
        context.thread_count = 1
        context.options = {**ffmpeg_options(plan), "flags": "+bitexact"}
        return stream

    def accept(self, index: int, planes: Planes) -> U8 | None:
        """The reduced frame, uint8 RGB, or None if it is left out."""
        return self._reduction.apply(planes) if index in self._kept else None

    def write(self, item: U8) -> None:
        """Encodes one reduced frame."""
        frame = self._indexed(item) if self._name == "gif" else self._opaque(item)
        frame.pts = self._times[self._written]
        frame.time_base = self._time_base
        frame.duration = self._times[self._written + 1] - frame.pts
        self._written += 1
        self._mux(frame)

    def finish(self) -> None:
        """Writes what the encoder still holds."""
        self._mux(None)
        self._muxer.finish()

    def abort(self) -> None:
        """Closes the file as it is."""
        self._muxer.abort()

    def _mux(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            self._muxer.write(packet)

    def _indexed(self, rgb: U8) -> VideoFrame:
        if self._palette is None:
            self._palette = Palette(rgb)
        # The one entry left, transparent, lets the encoder leave out what did not change.
        entries = np.zeros((256, 4), np.uint8)
        colours = self._palette.colours
        entries[: len(colours), 0] = 255
        entries[: len(colours), 1:] = colours
        paletted: Any = (self._palette.indices(rgb), entries)
        return VideoFrame.from_ndarray(paletted, format="pal8")

    def _opaque(self, rgb: U8) -> VideoFrame:
        pixels = np.full((self.height, self.width, 4), 255, np.uint8)
        pixels[..., :3] = rgb[..., ::-1]
        return VideoFrame.from_ndarray(pixels, format="bgra")


def _count(name: str, loops: int) -> int:
    """`loops` as the muxer of that name wants it.

    WebP counts how often the picture is played; GIF how often it is repeated after the first
    time, and to play it once says nothing about it (which the muxer calls -1).
    """
    if name != "gif" or loops == 0:
        return loops
    return -1 if loops == 1 else loops - 1
