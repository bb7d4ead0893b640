"""Planes to MP4, WebM and AVI through FFmpeg's libraries, without any detour through RGB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from windstill.imaging.planes import Planes
from windstill.video.file_limit import check_fits
from windstill.video.muxer import Muxer
from windstill.video.plan import Plan
from windstill.video.settings import CODECS, group_length

# Values of FFmpeg's AVColorSpace, AVColorPrimaries, AVColorTransferCharacteristic (BT.709: 1)
# and AVColorRange (limited: 1).
_BT709 = 1
_LIMITED = 1

_SMALLER = "a smaller repeat_to or max_side, or fewer frames per second"

# bitexact keeps library versions, dates and random identifiers out of the file.
_CONTAINER_OPTIONS = {
    "mp4": {"movflags": "+faststart", "fflags": "+bitexact"},
    "webm": {"fflags": "+bitexact"},
    "avi": {"fflags": "+bitexact"},
}


class PlaneSink:
    """A video file being encoded from planes."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.width, self.height = plan.width, plan.height
        self.frame_count = plan.frame_count
        self._repeats = plan.repeats
        self._packets: list[tuple[bytes, bool]] = []
        self._time_base = 1 / plan.fps
        name = plan.container.name
        self._muxer = Muxer(path, name, _CONTAINER_OPTIONS[name])
        try:
            self._stream = self._add_stream(plan)
        except BaseException:
            self._muxer.abort()
            raise

    def _add_stream(self, plan: Plan) -> VideoStream:
        settings = CODECS[plan.codec]
        if plan.codec == "av1":
            os.environ.setdefault("SVT_LOG", "1")  # it would talk on stderr otherwise
        stream = cast(
            VideoStream, self._muxer.container.add_stream(settings.encoder, rate=plan.fps)
        )
        context = stream.codec_context
        context.width, context.height = plan.width, plan.height
        context.pix_fmt = "yuv420p"
        context.time_base = self._time_base
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        context.gop_size = int(settings.options.get("g", group_length(plan.frame_count)))
        context.thread_count = plan.threads
        # The planes' chroma lies between the luma pixels; untagged, players may take it as left.
        context.options = {
            **settings.options_for(plan.frame_count),
            "flags": "+bitexact",
            "chroma_sample_location": "center",
        }
        if settings.tag is not None:
            context.codec_tag = settings.tag
        return stream

    def accept(self, index: int, planes: Planes) -> VideoFrame:
        """A copy of the planes, as the encoder takes them."""
        frame = VideoFrame(self.width, self.height, "yuv420p")
        for plane, pixels in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            rows, columns = pixels.shape
            padded = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            np.copyto(padded[:rows, :columns], pixels)
        frame.pts = index
        frame.time_base = self._time_base
        frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
        frame.color_range = _LIMITED
        return frame

    def write(self, item: VideoFrame) -> None:
        """Encodes one frame."""
        self._mux(item)

    def finish(self) -> None:
        """Writes what the encoder still holds, and the container's index."""
        self._mux(None)
        self._repeat()
        self._muxer.finish()

    def abort(self) -> None:
        """Closes the file as it is."""
        self._muxer.abort()

    def _mux(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            packet.duration = 1
            if self._repeats > 1:
                self._packets.append((bytes(packet), packet.is_keyframe))
            self._muxer.write(packet)

    def _repeat(self) -> None:
        """Writes the loop's packets again: it begins with a keyframe and refers to itself only.

        No codec here reorders frames, so the packets' order is their time.
        """
        size = self._repeats * sum(len(data) for data, _ in self._packets)
        check_fits(size, "The loop, so often repeated,", _SMALLER, field="repeat_to")
        for turn in range(1, self._repeats):
            for index, (data, is_keyframe) in enumerate(self._packets):
                packet = cast("Packet[VideoStream]", Packet(data))
                packet.stream = self._stream
                packet.time_base = self._time_base
                packet.pts = packet.dts = turn * self.frame_count + index
                packet.duration = 1
                packet.is_keyframe = is_keyframe
                self._muxer.write(packet)
