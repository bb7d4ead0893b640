"""GIF and animated WebP, decoded again by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.video.clips import FPS, FRAMES, HORIZON, WIDTH, decode_picture, drift, still
from windstill.imaging.planes import from_rgb, to_rgb
from windstill.video import FORMATS, encode

NAMES = ["gif", "webp"]


@pytest.fixture(scope="module", params=NAMES)
def picture(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / f"loop.{request.param}"
    encoded = encode(drift(), output=path, frame_count=FRAMES, fps=FPS, format=request.param)
    return encoded, decode_picture(path)


def test_loops_for_ever_at_the_right_length(picture):
    encoded, decoded = picture
    assert decoded.loop == 0
    assert len(decoded.rgb) == encoded.frames == FRAMES
    assert sum(decoded.durations) == 1000 * FRAMES / FPS
    assert max(decoded.durations) - min(decoded.durations) <= 10


def test_ground_never_flickers(picture):
    _, decoded = picture
    ground = decoded.rgb[:, HORIZON + 8 :].astype(int)
    assert np.abs(ground - ground[0]).max() <= 1


def test_looks_like_the_frames(picture):
    _, decoded = picture
    for frame, planes in zip(decoded.rgb, drift(), strict=True):
        error = frame.astype(float) - to_rgb(planes)
        assert 10 * np.log10(255**2 / (error**2).mean()) > 28


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fps", "frames", "kept"),
    [(24, 48, 24), (30, 60, 30), (60, 120, 30), (25, 50, 25), (12, 24, 24)],
)
def test_kept_frames_divide_the_loop(name, fps, frames, kept):
    encoded = encode(drift(frames), frame_count=frames, fps=fps, format=name)
    assert encoded.frames == kept
    assert frames % kept == 0
    assert encoded.fps == pytest.approx(kept * fps / frames)
    assert encoded.fps <= FORMATS[name].max_fps
    assert encoded.seconds == frames / fps


def test_loop_without_a_fitting_divisor_is_kept_evenly():
    encoded = encode(drift(122), frame_count=122, fps=60, format="gif")
    assert 8 <= encoded.fps <= 15


def test_large_frames_are_reduced(tmp_path):
    planes = from_rgb(np.full((540, 1280, 3), 120, np.uint8))
    encoded = encode([planes] * 4, frame_count=4, fps=8, format="gif", output=tmp_path / "a.gif")
    assert (encoded.width, encoded.height) == (640, 270)
    assert decode_picture(tmp_path / "a.gif").rgb.shape[1:3] == (270, 640)


def test_gif_of_a_still_loop_costs_one_frame():
    still_loop = encode([still()] * 24, frame_count=24, fps=12, format="gif")
    single = encode([still()], frame_count=1, fps=12, format="gif")
    assert still_loop.size < single.size + 24 * 64
    assert still_loop.width == WIDTH


@pytest.mark.parametrize(
    ("name", "loops", "stored"), [("gif", 1, None), ("gif", 5, 4), ("webp", 1, 1), ("webp", 5, 5)]
)
def test_is_played_as_often_as_asked(name, loops, stored):
    data = encode(drift(8), frame_count=8, fps=8, format=name, loops=loops).data
    with Image.open(io.BytesIO(data)) as image:
        # GIF counts repetitions, and one without the entry is played once; WebP counts plays.
        assert image.info.get("loop") == stored
