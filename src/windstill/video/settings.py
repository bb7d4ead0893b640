"""How each codec is set up, so that a perfect loop stays one after decoding.

Encoders spend more on the first frame than on the others and skip slow motion until it is large
enough, which shows as a jump where the loop closes. Equal quantisers for all kinds of frames, no
B-frames and no lookahead-based redistribution bring that jump down to the size of the other steps;
`benchmarks/encoders.md` has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from windstill.video import h264
from windstill.video.plan import Plan


@dataclass(frozen=True)
class CodecSettings:
    """How to set up one encoder.

    encoder: FFmpeg's name. options: its private and generic options, as text, where they are the
    same for every loop.
    """

    encoder: str
    options: MappingProxyType[str, str]
    tag: str | None = None


def _settings(encoder: str, tag: str | None = None, **options: str) -> CodecSettings:
    named = {name.replace("__", "-"): value for name, value in options.items()}
    return CodecSettings(encoder, MappingProxyType(named), tag)


CODECS: dict[str, CodecSettings] = {
    # Its options depend on the loop: see h264.py.
    "h264": _settings("libx264"),
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


def ffmpeg_options(plan: Plan) -> dict[str, str]:
    """Options of FFmpeg's encoder for a loop."""
    if plan.codec == "h264":
        return h264.ffmpeg_options(plan)
    return dict(CODECS[plan.codec].options)
