"""libx264 by its own interface, and the ordinary way in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.video.clips import FPS, FRAMES, HEIGHT, HORIZON, decode, drift, seam, stillness
from windstill.imaging.planes import Planes
from windstill.video import encode, x264
from windstill.video.x264_coder import X264Coder


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyAV without a libx264 that is known here."""

    def nothing() -> x264.Library:
        raise x264.Unavailable("no libx264")

    monkeypatch.setattr(x264, "library", nothing)


@pytest.fixture
def maps(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray | None]:
    """What the encoder is told of every frame."""
    told: list[np.ndarray | None] = []
    accept = X264Coder.accept

    def noted(self: X264Coder, index: int, planes: Planes) -> object:
        item = accept(self, index, planes)
        told.append(item.unchanged)
        return item

    monkeypatch.setattr(X264Coder, "accept", noted)
    return told


def film(path: Path, frames: Iterator[Planes] | None = None, **options: object) -> Path:
    encode(frames or drift(), output=path, frame_count=FRAMES, fps=FPS, **options)
    return path


def test_this_machines_library_is_the_one_that_is_known() -> None:
    """PyAV's wheel, which the lock file pins, has it; a new one has to be looked at."""
    assert x264.library().file.name.endswith(f".so.{x264.BUILD}")


def test_what_the_encoder_is_told_stands_still_does_so_in_the_frames(
    tmp_path: Path, maps: list[np.ndarray | None]
) -> None:
    raw = [frame.y.copy() for frame in drift()]
    shown = decode(film(tmp_path / "loop.mp4")).luma
    assert maps[0] is None
    assert all(told is not None and told[HORIZON // 16 :].all() for told in maps[1:])
    for index in range(1, FRAMES):
        told = maps[index]
        assert told is not None
        still = np.kron(told, np.ones((16, 16), np.uint8))[:HEIGHT].astype(bool)
        assert (raw[index][still] == raw[index - 1][still]).all()
        # The deblocking filter changes up to three pixels beside a macroblock that was coded.
        away = cv2.erode(still.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        # Where the last frames are finer than the first, x264 may mend it.
        assert cv2.absdiff(shown[index], shown[index - 1])[away].max() <= 2
        assert away.any()
        assert not told[: HORIZON // 16].all()


@pytest.mark.parametrize("name", ["mp4", "avi"])
def test_both_ways_make_the_same_kind_of_film(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    direct = decode(film(tmp_path / f"direct.{name}", format=name))
    request.getfixturevalue("ordinary")
    plain = decode(film(tmp_path / f"plain.{name}", format=name))
    for found in (direct, plain):
        assert seam(found.luma) < 1.5
        assert stillness(found.luma) > 40
    assert direct.luma.shape == plain.luma.shape
    assert (direct.rate, direct.duration, direct.keyframes) == (
        plain.rate,
        plain.duration,
        plain.keyframes,
    )
    assert direct.colours == plain.colours
    assert np.abs(direct.luma.astype(int) - plain.luma).mean() < 0.5


def test_the_container_tells_the_stream_that_is_in_it(tmp_path: Path) -> None:
    with av.open(str(film(tmp_path / "loop.mp4"))) as file:
        context = file.streams.video[0].codec_context
        assert (context.profile, context.width, context.height) == ("High", 160, 96)
        assert [packet.is_keyframe for packet in file.demux(video=0)][:3] == [True, False, False]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"_NEIGHBOURS": ((b"level", b"31", 48, 31),)}, "elsewhere"),
        ({"_COLOUR_SPACE": 40}, "elsewhere"),
        ({"BUILD": 999}, "no libx264 999"),
        ({"_MB_INFO": 1400}, "heed"),
    ],
)
def test_a_library_that_is_not_as_described_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: dict[str, object], reason: str
) -> None:
    for name, value in broken.items():
        monkeypatch.setattr(x264, name, value)
    monkeypatch.setattr(x264, "library", x264.library.__wrapped__)
    with pytest.raises(x264.Unavailable, match=reason):
        x264.library()
    assert seam(decode(film(tmp_path / "loop.mp4")).luma) < 1.5


def test_an_option_that_x264_refuses_is_told() -> None:
    with pytest.raises(x264.Unavailable, match="refuses subme=lots"):
        x264.Encoder(x264.library(), 32, 32, Fraction(FPS), "superfast", {"subme": "lots"})


def test_pictures_and_maps_of_another_size_are_refused() -> None:
    encoder = x264.Encoder(x264.library(), 160, 96, Fraction(FPS), "superfast", {})
    try:
        planes = next(drift())
        with pytest.raises(ValueError, match="a map of"):
            encoder.encode(planes, np.ones((5, 10), np.uint8))
        with pytest.raises(ValueError, match="a picture of"):
            encoder.encode(Planes(planes.y[:32], planes.u[:16], planes.v[:16]), None)
    finally:
        encoder.close()


def test_a_film_that_breaks_off_leaves_no_thread(tmp_path: Path) -> None:
    def broken() -> Iterator[Planes]:
        for index, planes in enumerate(drift()):
            if index == 9:
                raise RuntimeError("no more")
            yield planes

    film(tmp_path / "loop.mp4")  # whatever stays for good is there now
    before = len(os.listdir("/proc/self/task"))
    with pytest.raises(RuntimeError, match="no more"):
        film(tmp_path / "loop.mp4", broken())
    assert len(os.listdir("/proc/self/task")) == before
