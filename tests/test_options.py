from __future__ import annotations

import pytest

from windstill.errors import InvalidOption
from windstill.options import Options, describe


def test_defaults_are_a_four_second_loop_of_whatever_is_there() -> None:
    options = Options()
    assert (options.operation, options.seconds, options.fps) == ("auto", 4.0, 24)
    assert options.frame_count == 96
    assert options.wants("sky")
    assert options.wants("hair")


@pytest.mark.parametrize(
    ("operation", "sky", "hair"),
    [("1", True, False), ("01", True, False), ("10", False, True), ("11", True, True)],
)
def test_operation_is_a_binary_number(operation: str, sky: bool, hair: bool) -> None:
    options = Options.parse({"operation": operation})
    assert (options.wants("sky"), options.wants("hair")) == (sky, hair)


@pytest.mark.parametrize(
    ("wind", "degrees"),
    [("auto", None), ("right", 0.0), ("left", 180.0), ("45", 45.0), (-90, -90.0), ("0", 0.0)],
)
def test_wind_is_a_word_or_degrees(wind: object, degrees: float | None) -> None:
    assert Options.parse({"wind": wind}).wind_degrees == degrees


def test_text_of_forms_and_flags_is_read() -> None:
    options = Options.parse({"seconds": " 2.5 ", "fps": "30", "exact_first_frame": "true"})
    assert (options.seconds, options.fps, options.exact_first_frame) == (2.5, 30, True)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("operation", "00", "auto, 1, 01, 10, 11"),
        ("operation", 11, "auto, 1, 01, 10, 11"),
        ("operation", "", "auto, 1, 01, 10, 11"),
        ("seconds", 1.9, "2 to 12"),
        ("seconds", 12.1, "2 to 12"),
        ("seconds", "nan", "2 to 12"),
        ("seconds", "soon", "2 to 12"),
        ("fps", 24.5, "whole number from 8 to 60"),
        ("fps", "inf", "whole number from 8 to 60"),
        ("fps", True, "whole number from 8 to 60"),
        ("fps", None, "whole number from 8 to 60"),
        ("strength", "Calm", "calm, normal, windy"),
        ("quality", "medium", "small, normal, best"),
        ("wind", "up", "auto, right, left, a number from -360 to 360"),
        ("wind", "361", "-360 to 360"),
        ("seed", -1, "0 to 4294967295"),
        ("format", "mov", "mp4, webm, avi, gif, webp"),
        ("exact_first_frame", "perhaps", "true or false"),
        ("max_side", 10**6, "64 to 4096"),
    ],
)
def test_refusals_name_the_field_and_what_is_allowed(
    name: str, value: object, allowed: str
) -> None:
    with pytest.raises(InvalidOption) as refusal:
        Options.parse({name: value})
    assert refusal.value.field == name
    assert allowed in str(refusal.value)


def test_a_huge_value_is_not_echoed_in_full() -> None:
    with pytest.raises(InvalidOption) as refusal:
        Options.parse({"strength": "x" * 100_000})
    assert len(str(refusal.value)) < 200


def test_unknown_options_are_refused_by_name() -> None:
    with pytest.raises(InvalidOption, match="speed") as refusal:
        Options.parse({"speed": 3})
    assert refusal.value.field == "speed"


@pytest.mark.parametrize(("seconds", "fps"), [(2, 8), (2.3, 25), (12, 60), (3.33, 29)])
def test_a_loop_has_an_even_number_of_frames(seconds: float, fps: int) -> None:
    count = Options(seconds=seconds, fps=fps).frame_count
    assert count % 2 == 0
    assert abs(count - seconds * fps) <= 1


def test_every_option_describes_itself() -> None:
    for option in describe():
        assert option["help"], option["name"]
        assert "choices" in option or "low" in option or option["type"] == "bool"


@pytest.mark.parametrize(
    ("values", "field", "allowed"),
    [
        ({"format": "mp4", "codec": "vp9"}, "codec", "auto, h264, av1"),
        ({"format": "webm", "codec": "h264"}, "codec", "auto, vp9, av1"),
        ({"format": "gif", "quality": "small"}, "quality", "normal"),
        ({"format": "png", "quality": "best"}, "quality", "normal"),
        ({"format": "gif", "codec": "av1"}, "codec", "gif: auto"),
        ({"loops": 3}, "loops", "gif and webp"),
        ({"format": "png", "loops": 1}, "loops", "gif and webp"),
        ({"format": "gif", "repeat_to": 10}, "repeat_to", "mp4, webm, avi"),
        ({"repeat_to": 301}, "repeat_to", "0 to 300"),
    ],
)
def test_what_a_format_cannot_do_is_refused_not_ignored(
    values: dict[str, object], field: str, allowed: str
) -> None:
    with pytest.raises(InvalidOption) as refusal:
        Options.parse(values)
    assert refusal.value.field == field
    assert allowed in str(refusal.value)


@pytest.mark.parametrize(
    ("repeat_to", "repeats"), [(0, 1), (3, 1), (4, 1), (4.1, 2), (12, 3), ("30", 8), (300, 75)]
)
def test_a_wallpaper_is_a_whole_number_of_loops(repeat_to: object, repeats: int) -> None:
    assert Options.parse({"repeat_to": repeat_to}).repeats == repeats
