"""How each codec is set up, so that a perfect loop stays one after decoding.

Encoders spend more on the first frame than on the others and skip slow motion until it is large
enough, which shows as a jump where the loop closes. Equal quantisers for all kinds of frames, no
B-frames and no lookahead-based redistribution bring that jump down to the size of the other steps;
`benchmarks/encoders.md` has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

ENDING = 8
"""Frames before the seam."""

LONGEST_GOP = 300
"""Loops up to this many frames have one keyframe, their first: each further one would pulse."""


@dataclass(frozen=True)
class CodecSettings:
    """How to set up one encoder.

    encoder: FFmpeg's name. options: its private and generic options, as text; `{ending}` and
    `{last}` stand for the numbers of the frames between which a loop ends.
    """

    encoder: str
    options: MappingProxyType[str, str]
    tag: str | None = None

    def options_for(self, frame_count: int) -> dict[str, str]:
        """The options for a loop of `frame_count` frames."""
        last = frame_count - 1
        ending = max(1, frame_count - ENDING)
        return {
            name: value.replace("{ending}", str(min(ending, last))).replace("{last}", str(last))
            for name, value in self.options.items()
        }


def _settings(encoder: str, tag: str | None = None, **options: str) -> CodecSettings:
    named = {name.replace("__", "-"): value for name, value in options.items()}
    return CodecSettings(encoder, MappingProxyType(named), tag)


CODECS: dict[str, CodecSettings] = {
    "h264": _settings(
        "libx264",
        preset="superfast",
        crf="16",
        # A better first frame keeps the still part sharp, and the seam small.
        # Narrow dead zones and no early skips: slow skies would freeze and then jump. More bits
        # for the last frames bring them as near to the photo as the first frame is.
        x264__params="ipratio=4.0:pbratio=1:aq-strength=0.5:mbtree=0:bframes=0:scenecut=0"
        ":rc-lookahead=0:subme=2:no-fast-pskip=1:deadzone-inter=14:deadzone-intra=8"
        ":zones={ending},{last},b=4",
    ),
    # The realtime mode would be five times as fast, but freezes slow skies and then jumps.
    "vp9": _settings(
        "libvpx-vp9",
        deadline="good",
        cpu__used="5",
        crf="15",
        b="0",
        row__mt="1",
        auto__alt__ref="0",
        lag__in__frames="0",
    ),
    "av1": _settings(
        "libsvtav1",
        preset="8",
        crf="10",
        svtav1__params="pred-struct=1:enable-tf=0:use-fixed-qindex-offsets=1"
        ":qindex-offsets=[0,0,0,0,0,0]:key-frame-qindex-offset=-12:key-frame-chroma-qindex-offset=-12",
    ),
    # Keyframes only: its other frames skip slow motion, at whatever quantiser.
    "mpeg4": _settings("mpeg4", tag="XVID", qmin="2", qmax="2", g="1"),
    "gif": _settings("gif", gifflags="+transdiff+offsetting"),
    "webp": _settings("libwebp_anim", quality="80", compression_level="2"),
}


def group_length(frame_count: int) -> int:
    """Frames from one keyframe to the next: all of the loop, or equal parts of a long one."""
    parts = -(-frame_count // LONGEST_GOP)
    return -(-frame_count // parts)
