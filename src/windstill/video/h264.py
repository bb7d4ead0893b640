"""H.264's quantisers over a loop, so that the loop stays one after decoding, at the least bytes.

A player shows the first frame after the last, so both must come out alike. They do where both
are coded finely; in between the motion hides what a coarser quantiser does. From one to the
other the quantiser has to go step by step: where it falls at once, a whole sky is redrawn in one
frame, which is seen as a pulse and costs most of the bytes that the coarser frames saved.

How coarse is coarse enough depends on how much changes from frame to frame: noise of the
quantiser that is small beside the motion is not seen. A slow, soft sky that changes by a tenth
of a level takes few bytes however finely it is coded; hair that changes by two levels takes many.
`benchmarks/encoders.md` has the figures, and the pictures on which these numbers were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from windstill.options import Quality
from windstill.video.changes import Step
from windstill.video.plan import Plan

RAMP = 8
"""Frames before the seam over which the quantiser goes down to the first frame's."""

LONGEST_GOP = 300
"""Loops up to this many frames have one keyframe, their first; longer ones have more, for jumps."""

PRESET = "superfast"
_OPTIONS = {
    # A constant quantiser needs no look at coming frames, and equal ones bring no surprise.
    "pbratio": "1",
    "mbtree": "0",
    "bframes": "0",
    "scenecut": "0",
    "weightp": "0",
    "subme": "1",
    "me": "dia",
    "partitions": "none",
    # Narrow dead zones and no early skips: slow skies would freeze and then jump.
    "no-fast-pskip": "1",
    "deadzone-inter": "14",
    "deadzone-intra": "8",
}
"""x264's options whatever moves, on top of its preset."""


@dataclass(frozen=True)
class Quantisers:
    """H.264's quantisers (QP) of one loop. edge: of the first and last frame. middle: of most."""

    edge: int
    middle: int

    def ramp(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The last frames of those from `begin`, a key frame, to before `end`, with their QPs."""
        length = min(RAMP, end - begin - 1)
        return [
            (end - length + at, round(self.middle + (self.edge - self.middle) * (at + 1) / length))
            for at in range(length)
        ]


_LEAST = 2
"""The finest QP that is used: at 0 H.264 becomes lossless, in a profile that few players know."""


def quantisers(step: Step, quality: Quality = "normal") -> Quantisers:
    """The QPs for a loop whose frames are `step` apart.

    Both that little moves and that what moves is soft ask for fine quantisers. The numbers are of
    a sweep over half of the benchmark's pictures (benchmarks/encoders.md). quality: see
    `windstill.options`.
    """
    speed = log2(max(step.mean, 1e-4))
    detail = log2(max(step.beyond_one, 1e-4))
    middle = min(18 + 1.5 * speed, 20.4 + detail)
    normal = Quantisers(_within(4 + 2 * speed, 2, 6), _within(middle, 11, 18))
    if quality == "small":
        # The faster it moves, the less is seen of either.
        return Quantisers(3 * normal.edge, normal.middle + 4 + normal.edge // 2)
    if quality == "best":
        return Quantisers(max(_LEAST, normal.edge - 2), normal.middle - 5)
    return normal


def group_length(frame_count: int) -> int:
    """Frames from one keyframe to the next: all of the loop, or equal parts of a long one."""
    parts = -(-frame_count // LONGEST_GOP)
    return -(-frame_count // parts)


def x264_options(plan: Plan) -> dict[str, str]:
    """x264's options for a loop, by name, on top of `PRESET`."""
    chosen = quantisers(plan.step, plan.quality)
    group = group_length(plan.frame_count)
    zones = [
        f"{frame},{frame},q={quantiser}"
        for begin in range(0, plan.frame_count, group)
        for frame, quantiser in chosen.ramp(begin, min(begin + group, plan.frame_count))
    ]
    return {
        **_OPTIONS,
        "keyint": str(group),
        "qp": str(chosen.middle),
        # x264 gives key frames the QP of the others less 6 log2(ipratio).
        "ipratio": f"{2 ** ((chosen.middle - chosen.edge) / 6):.4f}",
        **({"zones": "/".join(zones)} if zones else {}),
    }


def ffmpeg_options(plan: Plan) -> dict[str, str]:
    """The same as options of FFmpeg's encoder libx264."""
    given = x264_options(plan)
    quantiser = given.pop("qp")
    given.pop("keyint")
    parameters = ":".join(f"{name}={value}" for name, value in given.items())
    return {"preset": PRESET, "qp": quantiser, "x264-params": parameters}


def _within(value: float, least: int, most: int) -> int:
    return max(least, min(most, round(value)))
