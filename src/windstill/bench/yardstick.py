"""The fixed yardstick for what a job costs: H.264 as it was before quantisers followed motion.

A job's time is given as a multiple of what encoding alone takes, so that machines compare. The
encoder in use gets faster; were it the measure, jobs would seem to get slower. These settings stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from windstill.imaging.planes import Planes
from windstill.video import settings
from windstill.video.encoding import DEFAULT_THREADS
from windstill.video.formats import FORMATS
from windstill.video.overlap import Overlap
from windstill.video.plan import Plan
from windstill.video.plane_sink import PlaneSink

_NAME = "yardstick"


def encode(frames: Sequence[Planes], fps: int, output: Path) -> None:
    """Writes an MP4 of frames held in memory, as `windstill.video.encode` does."""
    last = len(frames) - 1
    parameters = (
        "ipratio=4.0:pbratio=1:aq-strength=0.5:mbtree=0:bframes=0:scenecut=0:rc-lookahead=0:subme=2"
        ":no-fast-pskip=1:deadzone-inter=14:deadzone-intra=8"
        f":zones={min(max(1, last - 7), last)},{last},b=4"
    )
    options = {"preset": "superfast", "crf": "16", "x264-params": parameters}
    settings.CODECS[_NAME] = settings.CodecSettings("libx264", options)
    height, width = frames[0].shape
    plan = Plan(FORMATS["mp4"], _NAME, width, height, len(frames), Fraction(fps), DEFAULT_THREADS)
    sink = PlaneSink(output, plan)
    try:
        with Overlap(sink.write) as encoder:
            for index, planes in enumerate(frames):
                encoder.put(sink.accept(index, planes))
        sink.finish()
    finally:
        sink.abort()
        del settings.CODECS[_NAME]
