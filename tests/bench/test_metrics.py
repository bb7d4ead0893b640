"""Each fault, made on purpose, shows in its figure; a faultless clip has none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.bench import clips
from windstill.bench import metrics


def test_nothing_is_wrong_with_a_clip_that_stands_still() -> None:
    frames, mask = clips.standing(), clips.everywhere()
    assert metrics.shimmer(frames, mask) == 0
    assert metrics.flow(frames, mask) < 1e-4
    assert metrics.pulse(metrics.sharpness(frames, clips.still(), mask)) == 0
    assert metrics.psnr(frames, clips.still(), mask) == np.inf


def test_a_jump_over_the_seam_shows() -> None:
    drift = metrics.seam(clips.drifting(0.5), clips.everywhere())
    assert drift.to_median > 2
    swinging = 3 * np.sin(2 * np.pi * np.arange(clips.FRAMES) / clips.FRAMES)
    swing = np.stack([np.roll(clips.still(), round(x), axis=1) for x in swinging])
    assert metrics.seam(swing, clips.everywhere()).to_largest <= 1


def test_one_soft_frame_lowers_the_least_sharpness_and_pulses() -> None:
    frames = clips.standing()
    frames[7] = cv2.GaussianBlur(frames[7], (0, 0), 2)
    detail = metrics.sharpness(frames, clips.still(), clips.everywhere())
    assert detail.min() < 0.7
    assert detail.argmin() == 7
    assert detail.mean() > 0.95
    assert metrics.pulse(detail) > 0.25


@pytest.mark.parametrize("levels", [1, 4])
def test_shimmer_is_the_deviation_in_levels(levels: int) -> None:
    frames = clips.standing()
    frames[::2] += np.uint8(2 * levels)
    assert metrics.shimmer(frames, clips.everywhere()) == pytest.approx(levels, abs=0.3)


def test_shimmer_of_few_pixels_is_not_lost_in_the_mean() -> None:
    frames = clips.standing()
    frames[::2, 40:60, 40:60] += np.uint8(4)
    assert metrics.shimmer(frames, clips.everywhere()) == pytest.approx(2, abs=0.3)


def test_a_leak_shows_as_flow_outside_the_matte() -> None:
    moving, outside = clips.drifting(0.5), metrics.outside(clips.disc(), 4)
    kept = np.where(outside, clips.still(), moving)
    diagonal = float(np.hypot(*clips.SHAPE))
    assert metrics.flow(moving, outside) > 0.5 * 100 * 0.5 / diagonal
    assert metrics.flow(kept, metrics.outside(clips.disc(), 24)) < 0.01


def test_the_smooth_part_is_where_nothing_varies() -> None:
    photo = clips.still()
    photo[:, :80] = 90
    smooth = metrics.smooth(photo, clips.everywhere())
    assert smooth[20:100, 20:70].all()
    assert smooth[20:100, 90:].mean() < 0.02


def test_brightness_that_breathes_shows_as_flicker() -> None:
    frames = clips.standing()
    frames[12:] += np.uint8(6)
    assert metrics.flicker(frames, clips.everywhere()) == pytest.approx(3, abs=0.2)
