"""How each codec is set up, so that a perfect loop stays one after decoding.

Encoders spend more on the first frame than on the others and skip slow motion until it is large
enough, which shows as a jump where the loop closes. Equal quantisers for all kinds of frames, no
B-frames and no lookahead-based redistribution bring that jump down to the size of the other steps;
`benchmarks/encoders.md` has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from windstill.options import Quality
from windstill.video import h264
from windstill.video.plan import Plan


@dataclass(frozen=True)
class CodecSettings:
    """How to set up one encoder.

    encoder: FFmpeg's name. options: its private and generic options, as text, where they are the
    same for every loop. small, best: what takes their place at these qualities.
    """

    encoder: str
    options: Mapping[str, str]
    tag: str | None = None
    small: Mapping[str, str] = field(default_factory=dict)
    best: Mapping[str, str] = field(default_factory=dict)

    def of(self, quality: Quality) -> dict[str, str]:
        """The options at a quality."""
        others = {"small": self.small, "normal": {}, "best": self.best}
        return {**self.options, **others[quality]}


def _settings(
    encoder: str,
    *,
    tag: str | None = None,
    small: Mapping[str, str] | None = None,
    best: Mapping[str, str] | None = None,
    **options: str,
) -> CodecSettings:
    named = {name.replace("__", "-"): value for name, value in options.items()}
    return CodecSettings(encoder, named, tag, small or {}, best or {})


CODECS: dict[str, CodecSettings] = {
    # Its options depend on the loop: see h264.py.
    "h264": _settings("libx264"),
    # The realtime mode would be five times as fast, but freezes slow skies and then jumps.
    "vp9": _settings(
        "libvpx-vp9",
        deadline="good",
        cpu__used="5",
        crf="15",
        small={"crf": "34"},
        best={"crf": "8"},
        b="0",
        row__mt="1",
        auto__alt__ref="0",
        lag__in__frames="0",
    ),
    "av1": _settings(
        "libsvtav1",
        preset="8",
        crf="10",
        small={"crf": "16"},
        best={"crf": "6"},
        svtav1__params="pred-struct=1:enable-tf=0:use-fixed-qindex-offsets=1"
        ":qindex-offsets=[0,0,0,0,0,0]:key-frame-qindex-offset=-12:key-frame-chroma-qindex-offset=-12",
    ),
    # Keyframes only: its other frames skip slow motion, at whatever quantiser.
    "mpeg4": _settings(
        "mpeg4",
        tag="XVID",
        qmin="2",
        qmax="2",
        g="1",
        small={"qmin": "6", "qmax": "6"},
        best={"qmin": "1", "qmax": "1"},
    ),
    "gif": _settings("gif", gifflags="+transdiff+offsetting"),
    "webp": _settings(
        "libwebp_anim",
        quality="80",
        compression_level="2",
        small={"quality": "40"},
        best={"quality": "95"},
    ),
}


def ffmpeg_options(plan: Plan) -> dict[str, str]:
    """Options of FFmpeg's encoder for a loop."""
    if plan.codec == "h264":
        return h264.ffmpeg_options(plan)
    return CODECS[plan.codec].of(plan.quality)
