"""Fidelity against size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.video.clips import FPS, FRAMES, decode, drift, seam, stillness
from windstill.video import encode

FILMS = [("mp4", "h264"), ("mp4", "av1"), ("webm", "vp9"), ("avi", "mpeg4")]


def size(name: str, codec: str, quality: str, path: Path | None = None) -> int:
    return encode(
        drift(),
        output=path,
        frame_count=FRAMES,
        fps=FPS,
        format=name,
        codec=codec,
        quality=quality,
    ).size


@pytest.mark.parametrize(("name", "codec"), [*FILMS, ("avi", "h264"), ("webp", "webp")])
def test_small_is_smaller_and_best_is_larger(name: str, codec: str) -> None:
    small, normal, best = (size(name, codec, word) for word in ("small", "normal", "best"))
    assert small < 0.85 * normal
    assert normal < best


@pytest.mark.parametrize(("name", "codec"), FILMS)
@pytest.mark.parametrize("quality", ["small", "best"])
def test_every_quality_loops_and_stands_still(
    tmp_path: Path, name: str, codec: str, quality: str
) -> None:
    path = tmp_path / f"loop.{name}"
    size(name, codec, quality, path)
    decoded = decode(path)
    assert seam(decoded.luma) < 1.5
    assert stillness(decoded.luma) > 36


def test_h264_never_becomes_lossless(tmp_path: Path) -> None:
    """Lossless H.264 is of a profile that few players know; the finest quantisers come near."""
    import av

    path = tmp_path / "loop.mp4"
    still = next(drift())
    encode([still] * 4, output=path, frame_count=4, fps=8, quality="best")
    with av.open(str(path)) as file:
        assert file.streams.video[0].codec_context.profile == "High"
