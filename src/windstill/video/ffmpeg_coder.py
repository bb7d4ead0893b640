"""Planes to packets by an encoder of FFmpeg's libraries."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from windstill.imaging.planes import Planes
from windstill.video.h264 import group_length
from windstill.video.plan import Plan
from windstill.video.settings import CODECS, ffmpeg_options

# Values of FFmpeg's AVColorSpace, AVColorPrimaries, AVColorTransferCharacteristic (BT.709: 1)
# and AVColorRange (limited: 1).
_BT709 = 1
_LIMITED = 1


def add_stream(container: OutputContainer, plan: Plan) -> VideoStream:
    """A stream for the loop, whose encoder is set up and not yet opened."""
    settings = CODECS[plan.codec]
    if plan.codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # it would talk on stderr otherwise
    stream = cast(VideoStream, container.add_stream(settings.encoder, rate=plan.fps))
    context = stream.codec_context
    context.width, context.height = plan.width, plan.height
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / plan.fps
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    context.gop_size = int(settings.options.get("g", group_length(plan.frame_count)))
    context.thread_count = plan.threads
    # The planes' chroma lies between the luma pixels; untagged, players may take it as left.
    context.options = {
        **ffmpeg_options(plan),
        "flags": "+bitexact",
        "chroma_sample_location": "center",
    }
    if settings.tag is not None:
        context.codec_tag = settings.tag
    return stream


class FFmpegCoder:
    """An encoder of FFmpeg's that codes one loop. stream: as `add_stream` gives it."""

    def __init__(self, stream: VideoStream, plan: Plan) -> None:
        self.stream = stream
        self._size = plan.width, plan.height
        self._time_base: Fraction = 1 / plan.fps

    def accept(self, index: int, planes: Planes) -> VideoFrame:
        """A copy of the planes, as the encoder takes them."""
        frame = VideoFrame(*self._size, "yuv420p")
        for plane, pixels in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            rows, columns = pixels.shape
            padded = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            np.copyto(padded[:rows, :columns], pixels)
        frame.pts = index
        frame.time_base = self._time_base
        frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        frame.color_range = _LIMITED
        return frame

    def encode(self, item: VideoFrame | None) -> Iterable[Packet[VideoStream]]:
        """Packets that are ready after one more frame; after None, all that are left."""
        return self.stream.encode(item)

    def close(self) -> None:
        """Lets go of the encoder; the container does."""
