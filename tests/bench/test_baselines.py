"""The baselines are what their papers say: loops that begin at the photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.bench import clips
from windstill.bench import baselines, metrics, motion
from windstill.imaging.planes import Planes

FRAMES = 24
MATTE = np.ones(clips.SHAPE, np.float32)


def planes() -> Planes:
    grey = np.full((clips.SHAPE[0] // 2, clips.SHAPE[1] // 2), 128, np.uint8)
    return Planes(clips.still(), grey, grey.copy())


def velocity(pixels: float) -> np.ndarray:
    field = np.zeros((*clips.SHAPE, 2), np.float32)
    field[..., 0] = pixels
    return field


def lumas(frames: object) -> np.ndarray:
    return np.stack([frame.y.copy() for frame in frames])  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", [baselines.eulerian, baselines.flow_map])
class TestDrift:
    def test_it_begins_at_the_photo_and_loops(self, method: object) -> None:
        frames = lumas(method(planes(), MATTE, velocity(0.3), FRAMES))  # type: ignore[operator]
        assert len(frames) == FRAMES
        assert cv2.absdiff(frames[0], clips.still()).max() <= 1
        assert metrics.seam(frames, clips.everywhere()).to_largest < 1.05

    def test_it_softens_in_the_middle(self, method: object) -> None:
        frames = lumas(method(planes(), MATTE, velocity(0.3), FRAMES))  # type: ignore[operator]
        detail = metrics.sharpness(frames, clips.still(), clips.everywhere())
        assert detail.min() < 0.7

    def test_nothing_moves_outside_the_matte(self, method: object) -> None:
        frames = lumas(method(planes(), clips.disc(), velocity(0.3), FRAMES))  # type: ignore[operator]
        outside = metrics.outside(clips.disc(), 1)
        assert metrics.largest_change(frames, clips.still(), outside) == 0


def test_splatting_moves_the_way_the_velocity_points() -> None:
    frames = lumas(baselines.eulerian(planes(), MATTE, velocity(0.5), 200))[:6]

    def field(begin: int, end: int) -> np.ndarray:
        return velocity(0.5) * (end - begin)

    seen = motion.fidelity(frames, clips.everywhere(), field, samples=1)
    assert seen == pytest.approx(1, abs=0.1)


def test_a_sine_comes_back_to_the_photo() -> None:
    frames = lumas(baselines.sine(planes(), MATTE, 4.0, FRAMES))
    assert cv2.absdiff(frames[0], clips.still()).max() <= 1
    assert cv2.absdiff(frames[3], clips.still()).max() > 10


def test_whole_pixels_are_the_photos_own_values() -> None:
    def place(moment: float) -> np.ndarray:
        return velocity(3 * moment)

    frames = lumas(baselines.displace(planes(), MATTE, place, FRAMES))
    assert (frames[8][:, 10:] == clips.still()[:, 9:-1]).all()
    assert (frames[2] == clips.still()).all()
