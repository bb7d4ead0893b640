"""Planes to MP4, WebM and AVI through FFmpeg's libraries, without any detour through RGB."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

from av.packet import Packet
from av.video.stream import VideoStream

from windstill.imaging.planes import Planes
from windstill.video import x264
from windstill.video.ffmpeg_coder import FFmpegCoder, add_stream
from windstill.video.file_limit import check_fits
from windstill.video.muxer import Muxer
from windstill.video.plan import Plan
from windstill.video.x264_coder import X264Coder

logger = logging.getLogger("windstill.video")

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
            self._coder = _coder(add_stream(self._muxer.container, plan), plan)
        except BaseException:
            self._muxer.abort()
            raise

    def accept(self, index: int, planes: Planes) -> Any:
        """What the encoder needs of the planes, copied."""
        return self._coder.accept(index, planes)

    def write(self, item: Any) -> None:
        """Encodes one frame."""
        self._mux(item)

    def finish(self) -> None:
        """Writes what the encoder still holds, and the container's index."""
        self._mux(None)
        self._coder.close()
        self._repeat()
        self._muxer.finish()

    def abort(self) -> None:
        """Closes the file as it is."""
        self._coder.close()
        self._muxer.abort()

    def _mux(self, item: Any | None) -> None:
        for packet in self._coder.encode(item):
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
                packet.stream = self._coder.stream
                packet.time_base = self._time_base
                packet.pts = packet.dts = turn * self.frame_count + index
                packet.duration = 1
                packet.is_keyframe = is_keyframe
                self._muxer.write(packet)


def _coder(stream: VideoStream, plan: Plan) -> FFmpegCoder | X264Coder:
    if plan.codec == "h264":
        try:
            return X264Coder(stream, plan)
        except x264.Unavailable as error:
            logger.debug("H.264 by FFmpeg's encoder: %s", error)
    return FFmpegCoder(stream, plan)
