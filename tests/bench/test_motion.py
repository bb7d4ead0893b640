"""Fidelity and folds on fields whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench import clips
from windstill.bench import motion


def uniform(pixels: float) -> motion.Field:
    field = np.zeros((*clips.SHAPE, 2), np.float32)
    field[..., 0] = pixels
    return lambda begin, end: field * np.float32(end - begin)


def fidelity(frames: np.ndarray, pixels: float) -> float:
    # Of these frames only the first 20 are a steady drift: the clip does not loop.
    return motion.fidelity(frames, clips.everywhere(), uniform(pixels), samples=1)


def test_motion_as_meant_has_fidelity_one() -> None:
    assert fidelity(clips.drifting(0.5), 0.5) == pytest.approx(1, abs=0.05)


def test_half_the_speed_and_the_wrong_way_show() -> None:
    assert fidelity(clips.drifting(0.25), 0.5) == pytest.approx(0.5, abs=0.05)
    assert fidelity(clips.drifting(-0.5), 0.5) < -0.9
    assert fidelity(clips.standing(), 0.5) == pytest.approx(0, abs=0.05)


def test_a_ghost_that_stays_lowers_fidelity() -> None:
    moving = clips.drifting(1.0)
    ghosts = ((moving.astype(np.uint16) + moving[0]) // 2).astype(np.uint8)
    assert fidelity(ghosts, 1.0) < 0.85


def test_what_is_meant_to_stand_still_does_not_count_against_what_moves() -> None:
    still = np.random.default_rng(1).normal(0, 24, clips.SHAPE).astype(np.float32)
    behind = (clips.drifting(0.5) + still).clip(0, 255).astype(np.uint8)
    field, everywhere = uniform(0.5), clips.everywhere()
    assert motion.fidelity(behind, everywhere, field, samples=1) < 0.9
    found = motion.fidelity(behind, everywhere, field, still, samples=1)
    assert found == pytest.approx(1, abs=0.05)


def test_without_motion_meant_there_is_no_fidelity() -> None:
    assert np.isnan(fidelity(clips.standing(), 0))


def test_a_fold_shows_and_a_swell_does_not() -> None:
    x = np.arange(clips.SHAPE[1], dtype=np.float32)
    swell = np.zeros((*clips.SHAPE, 2), np.float32)
    swell[..., 0] = 3 * np.sin(x / 12)
    assert motion.folds(swell, clips.everywhere()) == 0
    assert motion.folds(12 * swell, clips.everywhere()) > 0.1


def test_only_texture_counts_for_fidelity() -> None:
    photo = clips.still()
    photo[:, :80] = 128
    found = motion.textured(photo, clips.everywhere())
    assert not found[:, :50].any()
    assert found[20:100, 110:140].all()
