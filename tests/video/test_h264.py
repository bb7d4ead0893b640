"""How H.264's quantisers run over a loop."""

from __future__ import annotations

from fractions import Fraction

import pytest

from windstill.video import FORMATS, h264
from windstill.video.changes import Step
from windstill.video.plan import Plan

STEP = Step(0.3, 0.1)


def plan(frame_count: int) -> Plan:
    return Plan(FORMATS["mp4"], "h264", 64, 64, frame_count, Fraction(24), 2, step=STEP)


@pytest.mark.parametrize("step", [0.0, 0.1, 0.5, 3.0])
def test_the_last_frame_is_as_fine_as_the_first(step: float) -> None:
    chosen = h264.quantisers(Step(step, step / 4))
    ramp = chosen.ramp(0, 96)
    assert ramp[-1] == (95, chosen.edge)
    levels = [chosen.middle, *(quantiser for _, quantiser in ramp)]
    assert levels == sorted(levels, reverse=True)
    assert 0 < chosen.edge < chosen.middle


def test_what_moves_little_is_coded_more_finely() -> None:
    found = [h264.quantisers(Step(step, step / 4)) for step in (0.0, 0.05, 0.2, 0.6, 2.0)]
    assert [each.middle for each in found] == sorted(each.middle for each in found)
    assert [each.edge for each in found] == sorted(each.edge for each in found)
    assert found[0].middle < found[-1].middle


def test_what_is_soft_is_coded_more_finely() -> None:
    soft, rough = (h264.quantisers(Step(0.2, detail)) for detail in (0.001, 0.1))
    assert soft.middle < rough.middle


@pytest.mark.parametrize("frame_count", [1, 2, 5, 9])
def test_the_first_frame_is_never_part_of_the_ramp(frame_count: int) -> None:
    frames = [frame for frame, _ in h264.quantisers(STEP).ramp(0, frame_count)]
    assert frames == list(range(max(1, frame_count - h264.RAMP), frame_count))


def test_every_keyframe_of_a_long_loop_is_met_by_a_ramp() -> None:
    zones = h264.x264_options(plan(720))["zones"].split("/")
    last = [int(zone.split(",")[0]) for zone in zones][h264.RAMP - 1 :: h264.RAMP]
    assert last == [239, 479, 719]
