"""Files that are larger than this process may write."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.video.clips import FPS, FRAMES, drift
from windstill.errors import InvalidOption
from windstill.video import encode

LIMIT = 200_000


@pytest.fixture
def limited() -> Iterator[None]:
    """No file of this process may be larger than 200 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("asked", "field", "advice"),
    [
        ({"format": "png"}, "format", "another format"),
        ({"format": "mp4", "repeats": 200}, "repeat_to", "a smaller repeat_to"),
    ],
)
def test_what_can_not_fit_is_refused_and_leaves_nothing(
    limited: None, tmp_path: Path, asked: dict, field: str, advice: str
) -> None:
    with pytest.raises(
        InvalidOption, match=f"at most 0 MB can be written here. Choose {advice}"
    ) as e:
        encode(drift(), output=tmp_path / "loop", frame_count=FRAMES, fps=FPS, **asked)
    assert e.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_what_fits_is_written(limited: None, tmp_path: Path) -> None:
    made = encode(drift(), output=tmp_path / "l.mp4", frame_count=FRAMES, fps=FPS, repeats=2)
    assert made.size < LIMIT
