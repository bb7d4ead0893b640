"""Starry skies stand still; clouds, grain and birds make none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import breeze_for, clouds, scene_of
from tests.elements.sky.test_still_objects import half_of
from windstill.elements.sky import Sky
from windstill.elements.sky.stars import starry_sky
from windstill.imaging.noise import smooth_noise

BLACK, BLUE_HOUR = (12, 14, 30), (40, 80, 130)


def starry(colour: tuple[int, int, int], stars: int = 200, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    night = np.full((400, 640, 3), colour, np.float32)
    for x, y in zip(rng.integers(10, 630, stars), rng.integers(10, 390, stars), strict=True):
        night[y : y + 2, x : x + 2] += rng.uniform(30, 120)
    night = cv2.GaussianBlur(night, (0, 0), 0.7) + rng.normal(0, 1.0, (400, 640, 1))
    return np.clip(night, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [BLACK, BLUE_HOUR], ids=["night", "blue hour"])
def test_a_starry_sky_stands_still_and_says_so(colour: tuple[int, int, int]) -> None:
    scene = scene_of(starry(colour), np.ones((400, 640), np.float32))
    lifted = Sky().lift(scene, breeze_for(scene))
    assert lifted.layer is None
    assert lifted.movement.motion == "none"
    assert [notice.code for notice in lifted.notices] == ["clear_sky"]


def test_the_milky_way_stands_still_with_its_stars() -> None:
    night = starry(BLUE_HOUR, 600).astype(np.float32)
    glow = smooth_noise((400, 640), 40, np.random.default_rng(1))
    band = np.exp(-(((np.arange(640) - 320) / 60.0) ** 2))
    night += (35 * band * np.clip(glow + 1, 0, 2))[..., None]
    half = half_of(np.clip(night, 0, 255).astype(np.uint8))
    found = starry_sky(half, np.ones(half.shape[:2], bool))
    assert found is not None
    assert found.all()


def test_star_trails_stand_still() -> None:
    rng = np.random.default_rng(0)
    night = np.full((400, 640, 3), (20, 26, 45), np.uint8)
    for x, y, level in zip(
        rng.integers(0, 640, 90), rng.integers(0, 400, 90), rng.integers(60, 200, 90), strict=True
    ):
        colour = (int(level), int(level), int(level))
        cv2.line(night, (int(x), int(y)), (int(x) + 26, int(y) + 14), colour, 1, cv2.LINE_AA)
    half = half_of(night)
    found = starry_sky(half, np.ones(half.shape[:2], bool))
    assert found is not None
    assert found.mean() > 0.9


def test_northern_lights_stand_still_with_the_stars_around_them() -> None:
    night = starry((14, 20, 40), 40).astype(np.float32)
    curtain = np.exp(-(((np.arange(640) - 420) / 50.0) ** 2))[None, :, None]
    night += curtain * np.array([10.0, 150.0, 70.0])
    scene = scene_of(np.clip(night, 0, 255).astype(np.uint8), np.ones((400, 640), np.float32))
    lifted = Sky().lift(scene, breeze_for(scene))
    assert lifted.layer is None


def test_clouds_below_the_stars_move() -> None:
    night = starry(BLUE_HOUR, 90)
    sky = clouds(400, 640, seed=2) // 2 + 40
    night[230:] = sky[230:]
    scene = scene_of(night, np.ones((400, 640), np.float32))
    lifted = Sky().lift(scene, breeze_for(scene))
    assert lifted.layer is not None
    canvas = scene.planes.copy()
    lifted.layer.paint(12, canvas)
    change = cv2.absdiff(canvas.y, scene.planes.y)
    assert change[260:].mean() > 1.2
    stars = scene.planes.y[:180] > np.median(scene.planes.y[:180]) + 15
    assert change[:180][stars].max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_dark_clouds_with_grain_hold_no_stars(seed: int) -> None:
    grain = np.random.default_rng(seed).normal(0, 6, (400, 640, 1))
    dark = np.clip(clouds(400, 640, seed) / 2.2 + grain, 0, 255).astype(np.uint8)
    half = half_of(dark)
    assert starry_sky(half, np.ones(half.shape[:2], bool)) is None


def test_a_flock_of_birds_is_no_starry_sky() -> None:
    rng = np.random.default_rng(0)
    dusk = np.full((400, 640, 3), (90, 80, 110), np.uint8)
    for x, y in zip(rng.integers(10, 630, 80), rng.integers(10, 390, 80), strict=True):
        cv2.circle(dusk, (int(x), int(y)), 1, (10, 10, 12), -1)
    half = half_of(dusk)
    assert starry_sky(half, np.ones(half.shape[:2], bool)) is None
