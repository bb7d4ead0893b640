"""Frames as a zip file of pictures, and the poster beside a video."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import windstill
from tests.pictures import china
from tests.video.clips import FPS, FRAMES, drift
from windstill.errors import InvalidOption, OutputError
from windstill.imaging.planes import to_rgb
from windstill.video import encode

PHOTO = np.ascontiguousarray(china()[:255:3, :333:3])
OPTIONS = {"seconds": 2, "fps": 8, "operation": "1"}


def pictures(data: bytes) -> list[np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert names == [f"frame-{index:04}.png" for index in range(len(names))]
        return [np.asarray(Image.open(io.BytesIO(file.read(name)))) for name in names]


def test_every_frame_is_there_without_loss() -> None:
    data = encode(drift(), frame_count=FRAMES, fps=FPS, format="png").data
    for found, frame in zip(pictures(data), drift(), strict=True):
        np.testing.assert_array_equal(found, to_rgb(frame))


def test_a_photo_of_odd_size_keeps_every_still_pixel() -> None:
    options = windstill.Options(**OPTIONS, format="png")
    loop = windstill.animate(PHOTO, options)
    found = pictures(loop.data)
    assert (loop.width, loop.height, loop.frames) == (111, 85, 16)
    assert loop.mime == "application/zip"
    np.testing.assert_array_equal(np.stack(found), np.stack(list(windstill.frames(PHOTO, options))))
    still = windstill.mattes(PHOTO).sky == 0
    assert (found[5] != PHOTO).any()
    assert (found[5] == PHOTO)[-10:][still[-10:]].all()


def test_it_tells_no_time_and_its_rate() -> None:
    data = encode(drift(8), frame_count=8, fps=8, format="png").data
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.comment == b"8 frames per second"
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("name", "format", "near"),
    [("p.png", "PNG", 0), ("p.JPG", "JPEG", 12), ("p.webp", "WEBP", 12)],
)
def test_poster_is_the_first_frame(tmp_path: Path, name: str, format: str, near: int) -> None:
    options = windstill.Options(**OPTIONS)
    loop = windstill.animate(PHOTO, options, output=tmp_path / "loop.mp4", poster=tmp_path / name)
    assert loop.poster == tmp_path / name
    assert loop.facts()["poster"] == str(tmp_path / name)
    first = next(windstill.frames(PHOTO, options))
    with Image.open(tmp_path / name) as poster:
        assert poster.format == format
        difference = np.abs(np.asarray(poster.convert("RGB"), int) - first)
    assert difference.mean() <= near


def test_poster_of_a_reduced_format_has_its_size(tmp_path: Path) -> None:
    large = np.repeat(np.repeat(PHOTO, 8, axis=0), 8, axis=1)
    options = windstill.Options(**OPTIONS, format="gif", max_side=700)
    loop = windstill.animate(large, options, poster=tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as poster:
        assert poster.size == (loop.width, loop.height) == (640, 490)


@pytest.mark.parametrize("name", ["poster.gif", "poster", "loop.webp"])
def test_poster_that_cannot_be_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    options = windstill.Options(**OPTIONS, format="webp")
    with pytest.raises(InvalidOption, match="poster") as refusal:
        windstill.animate(
            tmp_path / "none.jpg", options, output=tmp_path / "loop.webp", poster=tmp_path / name
        )
    assert refusal.value.field == "poster"
    assert not list(tmp_path.iterdir())


def test_without_a_video_there_is_no_poster(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        windstill.animate(
            PHOTO,
            windstill.Options(**OPTIONS),
            output=tmp_path / "none" / "loop.mp4",
            poster=tmp_path / "p.png",
        )
    assert not list(tmp_path.iterdir())
