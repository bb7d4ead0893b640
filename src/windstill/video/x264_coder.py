"""Planes to packets by libx264 itself, which is told what stands still.

Most macroblocks of a loop never change, and x264 would look at each of them in every frame, which
takes half of its time. Whether a macroblock changed is found by comparing each frame with the one
before: exact whatever was painted, so that nothing can freeze.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from windstill.imaging.planes import Planes
from windstill.video import h264, x264
from windstill.video.changes import unchanged
from windstill.video.plan import Plan

# As add_stream describes the stream to FFmpeg.
_COLOURS = {
    "colorprim": "bt709",
    "transfer": "bt709",
    "colormatrix": "bt709",
    "fullrange": "off",
    "chromaloc": "1",
}


@dataclass(frozen=True)
class Item:
    """A frame, and which of its macroblocks are as in the frame before; None for the first."""

    planes: Planes
    unchanged: NDArray[np.uint8] | None


class X264Coder:
    """libx264 coding one loop.

    stream: as `add_stream` gives it; its own encoder is opened, since the container describes the
    stream by it, and used no further. Raises `x264.Unavailable` where that can't be.
    """

    def __init__(self, stream: VideoStream, plan: Plan) -> None:
        self.stream = stream
        self._before: Planes | None = None
        self._time_base: Fraction = 1 / plan.fps
        in_band = plan.container.name == "avi"
        self._encoder = x264.Encoder(
            x264.library(),
            plan.width,
            plan.height,
            plan.fps,
            h264.PRESET,
            {**h264.x264_options(plan), **_COLOURS},
            threads=plan.threads,
            in_band=in_band,
        )
        try:
            stream.codec_context.thread_count = 1
            stream.codec_context.open()
            if not in_band and stream.codec_context.extradata != self._encoder.headers():
                raise x264.Unavailable("FFmpeg sets libx264 up otherwise")
        except BaseException:
            self._encoder.close()
            raise

    def accept(self, index: int, planes: Planes) -> Item:
        """A copy of the planes, and where they differ from those before."""
        copy = planes.copy()
        before, self._before = self._before, copy
        return Item(copy, None if before is None else unchanged(before, copy))

    def encode(self, item: Item | None) -> Iterator[Packet[VideoStream]]:
        """Packets that are ready after one more frame; after None, all that are left."""
        if item is not None:
            coded = self._encoder.encode(item.planes, item.unchanged)
            if coded is not None:
                yield self._packet(coded)
            return
        while (coded := self._encoder.flush()) is not None:
            yield self._packet(coded)

    def close(self) -> None:
        """Lets go of the encoder."""
        self._encoder.close()

    def _packet(self, coded: x264.Coded) -> Packet[VideoStream]:
        packet = cast("Packet[VideoStream]", Packet(coded.data))
        packet.stream = self.stream
        packet.time_base = self._time_base
        packet.pts, packet.dts = coded.pts, coded.dts
        packet.is_keyframe = coded.keyframe
        return packet
