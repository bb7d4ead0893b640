"""MP4, WebM and AVI, decoded again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.video.clips import FPS, FRAMES, HEIGHT, WIDTH, decode, drift, seam, stillness
from windstill.errors import InvalidOption
from windstill.imaging.planes import from_rgb
from windstill.video import ENCODED, FORMATS, encode

CASES = [
    ("mp4", "h264", "h264"),
    ("webm", "vp9", "vp9"),
    ("webm", "av1", "libdav1d"),
    ("mp4", "av1", "libdav1d"),
    ("avi", "h264", "h264"),
    ("avi", "mpeg4", "mpeg4"),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def movie(request, tmp_path_factory):
    container, codec, decoder = request.param
    path = tmp_path_factory.mktemp("movie") / f"loop.{container}"
    encoded = encode(
        drift(), output=path, frame_count=FRAMES, fps=FPS, format=container, codec=codec
    )
    return encoded, decode(path), decoder


def test_every_frame_arrives_at_its_time(movie):
    encoded, decoded, _ = movie
    assert decoded.luma.shape == (FRAMES, HEIGHT, WIDTH)
    assert decoded.rate == FPS
    assert decoded.duration == pytest.approx(FRAMES / FPS, abs=0.002)
    assert (encoded.frames, encoded.fps, encoded.seconds) == (FRAMES, FPS, FRAMES / FPS)
    assert (encoded.width, encoded.height) == (WIDTH, HEIGHT)


def test_stream_is_what_players_expect(movie):
    encoded, decoded, decoder = movie
    assert decoded.streams == 1
    assert decoded.pixels == "yuv420p"
    assert decoded.codec in {decoder, "av1"}
    assert encoded.mime == FORMATS[encoded.format].mime
    if encoded.codec != "mpeg4":
        assert decoded.colours == (1, 1, 1, 1)
        assert decoded.keyframes == 1


def test_loop_and_stillness_survive(movie):
    _, decoded, _ = movie
    assert seam(decoded.luma) < 1.5
    assert stillness(decoded.luma) > 40


def test_nothing_tells_where_or_when_it_was_made(movie):
    encoded, decoded, _ = movie
    data = encoded.path.read_bytes()
    assert encoded.size == len(data)
    assert str(encoded.path.parent).encode() not in data
    assert b"windstill" not in data.lower()
    assert "creation_time" not in decoded.metadata


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("threads", [1, 2])
def test_same_frames_give_same_bytes(name, threads):
    first, second = (
        encode(drift(8), frame_count=8, fps=8, format=name, threads=threads) for _ in range(2)
    )
    assert first.data == second.data
    assert first.path is None
    assert first.size == len(first.data)


def test_mp4_starts_playing_before_it_is_loaded(tmp_path):
    data = encode(drift(), frame_count=FRAMES, fps=FPS).data
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_mp4_carries_its_colours_in_container_and_stream():
    data = encode(drift(4), frame_count=4, fps=8).data
    # A colr box: type nclx, primaries, transfer, matrix 1 (BT.709), not full range.
    box = data.index(b"colr") + 4
    assert data[box : box + 11] == b"nclx\x00\x01\x00\x01\x00\x01\x00"


@pytest.mark.parametrize(
    ("name", "colour"), [("red", (200, 30, 40)), ("green", (30, 190, 60)), ("sky", (90, 150, 230))]
)
@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_colours_are_shown_as_they_were(tmp_path, name, colour, container):
    import av

    planes = from_rgb(np.full((64, 64, 3), colour, np.uint8))
    path = tmp_path / f"loop.{container}"
    encode([planes] * 2, output=path, frame_count=2, fps=8, format=container)
    with av.open(str(path)) as file:
        shown = next(file.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(shown.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("fps", [8, 25, 60, Fraction(30000, 1001)])
def test_frame_rates(tmp_path, fps):
    path = tmp_path / "loop.mp4"
    encode(drift(10), output=path, frame_count=10, fps=fps)
    decoded = decode(path)
    assert decoded.rate == fps
    assert decoded.duration == pytest.approx(10 / fps, abs=1e-3)


@pytest.mark.parametrize("size", [(2, 2), (16, 2), (2, 130), (1998, 34)])
@pytest.mark.parametrize("name", ENCODED)
def test_unusual_sizes(tmp_path, size, name):
    width, height = size
    planes = from_rgb(np.full((height, width, 3), 120, np.uint8))
    encoded = encode([planes] * 2, frame_count=2, fps=8, format=name)
    limit = FORMATS[name].max_side
    if limit is None or max(size) <= limit:
        assert (encoded.width, encoded.height) == size
    else:
        assert max(encoded.width, encoded.height) == limit
    assert encoded.size > 0


def test_long_loops_get_further_keyframes(tmp_path):
    path = tmp_path / "loop.mp4"
    planes = from_rgb(np.full((32, 32, 3), 120, np.uint8))
    encode((planes for _ in range(720)), output=path, frame_count=720, fps=60)
    assert decode(path).keyframes == 3


def test_unknown_format_and_codec_name_what_is_allowed():
    with pytest.raises(InvalidOption, match="mp4, webm, avi, gif, webp") as failure:
        encode(drift(), frame_count=FRAMES, fps=FPS, format="mov")
    assert failure.value.field == "format"
    with pytest.raises(InvalidOption, match="vp9, av1"):
        encode(drift(), frame_count=FRAMES, fps=FPS, format="webm", codec="h264")


def test_frames_are_pulled_one_by_one(tmp_path: Path):
    """However long the loop, only a few frames wait for the encoder."""
    alive = 0
    most = 0

    class Counted(np.ndarray):
        def __del__(self):
            nonlocal alive
            alive -= 1

    def frames():
        nonlocal alive, most
        for planes in drift(60):
            copy = planes.copy()
            alive += 1
            most = max(most, alive)
            yield type(copy)(copy.y.view(Counted), copy.u, copy.v)

    encode(frames(), output=tmp_path / "loop.mp4", frame_count=60, fps=FPS)
    assert most <= 3
