"""Moons are found whole, whatever part of them shows; round clouds are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import clouds
from windstill.elements.sky.discs import find_discs
from windstill.elements.sky.surroundings import surroundings

CENTRE, RADIUS = (200, 100), 18
ROWS, COLUMNS = np.mgrid[:240, :320].astype(np.float32)
FROM_CENTRE = np.hypot(COLUMNS - CENTRE[0], ROWS - CENTRE[1])


def disc(sky: float, moon: float) -> np.ndarray:
    share = np.clip(RADIUS + 0.5 - FROM_CENTRE, 0, 1)
    return np.asarray(sky + share * (moon - sky))


def half_moon() -> np.ndarray:
    lit = 0.5 + 0.5 * np.tanh((COLUMNS - CENTRE[0]) / 4)
    return np.asarray(100 + lit * (disc(100, 180) - 100))


def crescent() -> np.ndarray:
    shade = np.clip(RADIUS + 1 - np.hypot(COLUMNS - CENTRE[0] + 8, ROWS - CENTRE[1]), 0, 1)
    return np.asarray(20 + (1 - shade) * (disc(20, 190) - 20))


def cut_by_a_cloud() -> np.ndarray:
    cloud = 0.5 + 0.5 * np.tanh((ROWS - CENTRE[1] - 5 - 3 * np.sin(COLUMNS / 9)) / 6)
    return np.asarray(disc(60, 210) * (1 - cloud) + 95 * cloud)


MOONS = {
    "full": lambda: disc(40, 200),
    "by day": lambda: disc(120, 175),
    "half": half_moon,
    "crescent": crescent,
    "cut by a cloud": cut_by_a_cloud,
}


def found_in(luma: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, 1.0, luma.shape)
    picture = np.clip(cv2.GaussianBlur(luma, (0, 0), 0.6) + grain, 16, 235).astype(np.uint8)
    inside = np.ones(luma.shape, bool)
    return find_discs(picture, inside, surroundings(picture, inside))


@pytest.mark.parametrize("moon", MOONS)
def test_the_whole_disc_stays_and_little_more(moon: str) -> None:
    found = found_in(MOONS[moon]())
    assert found[FROM_CENTRE < RADIUS].all()
    assert not found[FROM_CENTRE > 1.6 * RADIUS].any()


@pytest.mark.parametrize("seed", range(8))
def test_clouds_are_no_moons(seed: int) -> None:
    luma = clouds(480, 640, seed).mean(axis=2)[::2, ::2]
    assert not found_in(luma).any()


@pytest.mark.parametrize("seed", range(4))
def test_small_cumulus_moves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sky = np.full((240, 320), 120.0)
    for x, y in zip(rng.integers(30, 290, 9), rng.integers(30, 210, 9), strict=True):
        for _ in range(7):
            puff = (int(x + rng.normal(0, 7)), int(y + rng.normal(0, 3)))
            cv2.circle(sky, puff, int(rng.integers(3, 8)), float(rng.uniform(190, 225)), -1)
    assert not found_in(cv2.GaussianBlur(sky, (0, 0), 1.0)).any()
