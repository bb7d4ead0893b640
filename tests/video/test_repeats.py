"""A loop that follows itself within its file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.clips import FPS, FRAMES, decode, drift
from windstill.errors import InvalidOption
from windstill.video import encode

CASES = [("mp4", "h264"), ("mp4", "av1"), ("webm", "vp9"), ("webm", "av1"), ("avi", "h264")]
TURNS = 3


def write(folder: Path, container: str, codec: str, repeats: int) -> Path:
    path = folder / f"{container}-{codec}-{repeats}.{container}"
    encoded = encode(
        drift(), output=path, frame_count=FRAMES, fps=FPS, format=container, codec=codec,
        repeats=repeats,
    )  # fmt: skip
    assert (encoded.frames, encoded.seconds, encoded.repeats) == (FRAMES, FRAMES / FPS, repeats)
    return path


@pytest.mark.parametrize(("container", "codec"), CASES)
def test_every_turn_shows_the_same_pictures(tmp_path: Path, container: str, codec: str) -> None:
    once = decode(write(tmp_path, container, codec, 1))
    often = decode(write(tmp_path, container, codec, TURNS))
    assert often.rate == FPS
    assert often.duration == pytest.approx(TURNS * FRAMES / FPS, abs=0.002)
    assert often.keyframes == TURNS
    for turn in np.split(often.luma, TURNS):
        np.testing.assert_array_equal(turn, once.luma)


@pytest.mark.parametrize(("container", "codec"), CASES)
def test_frames_come_at_their_times(tmp_path: Path, container: str, codec: str) -> None:
    with av.open(str(write(tmp_path, container, codec, TURNS))) as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
    assert len(packets) == TURNS * FRAMES
    for index, packet in enumerate(packets):
        # WebM counts in milliseconds.
        assert float(packet.dts * packet.time_base) == pytest.approx(index / FPS, abs=0.00051)
        assert packet.is_keyframe == (index % FRAMES == 0)


def test_a_reader_can_jump_into_any_turn(tmp_path: Path) -> None:
    once = decode(write(tmp_path, "mp4", "h264", 1)).luma
    with av.open(str(write(tmp_path, "mp4", "h264", TURNS))) as file:
        stream = file.streams.video[0]
        begin = int(2 * FRAMES / FPS / stream.time_base)
        file.seek(begin, stream=stream)
        frame = next(file.decode(stream))
    assert frame.pts == begin
    np.testing.assert_array_equal(frame.to_ndarray(format="yuv420p")[: frame.height], once[0])


def test_repeating_costs_no_second_rendering(tmp_path: Path) -> None:
    pulled = []

    def frames():
        for frame in drift():
            pulled.append(1)
            yield frame

    encode(frames(), output=tmp_path / "a.mp4", frame_count=FRAMES, fps=FPS, repeats=20)
    assert len(pulled) == FRAMES


@pytest.mark.parametrize(("name", "repeats"), [("gif", 2), ("webp", 2), ("png", 2), ("mp4", 0)])
def test_what_cannot_be_repeated_is_refused(name: str, repeats: int) -> None:
    with pytest.raises(InvalidOption, match="mp4, webm, avi"):
        encode(drift(), frame_count=FRAMES, fps=FPS, format=name, repeats=repeats)
