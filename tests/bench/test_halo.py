"""A halo made on purpose is found at its height; colours that belong there are none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench import clips
from windstill.bench import halo

MATTE = clips.disc()


def photo() -> NDArray[np.uint8]:
    """A bright disc, with two bands of cloud in it, on dark ground."""
    bright = np.full(clips.SHAPE, 190, np.float32)
    bright[::8] = 210
    return (60 + MATTE * (bright - 60)).astype(np.uint8)


def overshoot(frames: NDArray[np.uint8], *, revealing: bool = False) -> float:
    return halo.overshoot(frames, photo(), MATTE, travel=10, revealing=revealing)


def test_the_photo_has_no_halo() -> None:
    assert overshoot(np.repeat(photo()[None], 4, axis=0)) == 0


def test_clouds_that_pass_the_edge_are_no_halo() -> None:
    moved = np.where(MATTE == 1, np.roll(photo(), 4, axis=0), photo())
    moved = np.where((MATTE == 1) & (np.roll(MATTE, 4, axis=0) == 1), moved, photo())
    assert overshoot(moved[None]) == 0


@pytest.mark.parametrize("height", [6, 20])
def test_a_bright_rim_is_found_at_its_height(height: int) -> None:
    frames = np.repeat(photo()[None], 4, axis=0)
    rim = (MATTE > 0.9) & (np.roll(MATTE, 3, axis=1) < 0.9)
    frames[2][rim] = 210 + height
    assert overshoot(frames) == pytest.approx(height, abs=2)


def test_ground_pulled_into_the_sky_is_a_halo_and_behind_hair_it_is_not() -> None:
    sucked = photo()
    rim = (MATTE == 1) & (np.roll(MATTE, 4, axis=1) < 0.9)
    sucked[rim] = 60
    assert overshoot(sucked[None]) > 50
    assert overshoot(sucked[None], revealing=True) <= 1


def test_no_edge_no_halo() -> None:
    none = np.zeros(clips.SHAPE, np.float32)
    assert halo.overshoot(clips.standing(), clips.still(), none, travel=4, revealing=False) == 0
