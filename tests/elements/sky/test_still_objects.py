"""What stays in the sky is found, and clouds are not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import clouds
from windstill.elements.sky.glow import find_glow
from windstill.elements.sky.still_objects import still_objects
from windstill.imaging.planes import from_rgb


def half_of(rgb: np.ndarray) -> np.ndarray:
    planes = from_rgb(rgb)
    return cv2.merge([cv2.resize(planes.y, planes.u.shape[::-1]), planes.u, planes.v])


def everywhere(half: np.ndarray) -> np.ndarray:
    return np.ones(half.shape[:2], np.float32)


DRAWN = {
    "bird": lambda picture: cv2.ellipse(picture, (300, 200), (7, 3), 20, 0, 360, (25, 25, 30), -1),
    "cable": lambda picture: cv2.line(picture, (20, 380), (620, 60), (30, 30, 35), 3),
    "balloon": lambda picture: cv2.circle(picture, (400, 120), 6, (200, 30, 60), -1),
    "near balloon": lambda picture: cv2.circle(picture, (400, 120), 16, (200, 30, 60), -1),
    "near bird": lambda picture: cv2.ellipse(
        picture, (300, 200), (20, 9), 20, 0, 360, (20,) * 3, -1
    ),
}


@pytest.mark.parametrize("thing", DRAWN)
def test_what_hangs_in_the_sky_is_found(thing: str) -> None:
    empty = clouds(400, 640, seed=2)
    picture = DRAWN[thing](empty.copy())
    half = half_of(picture)
    drawn = half_of(picture).astype(int) - half_of(empty)
    there = np.abs(drawn).max(axis=2) > 25
    found = still_objects(half, everywhere(half))
    assert (found[there] > 0.5).mean() > 0.95


def test_stars_are_found() -> None:
    rng = np.random.default_rng(0)
    night = np.full((400, 640, 3), (12, 14, 30), np.uint8)
    for x, y in zip(rng.integers(10, 630, 40), rng.integers(10, 390, 40), strict=True):
        cv2.circle(night, (int(x), int(y)), 1, (200, 205, 220), -1)
    half = half_of(night)
    found = still_objects(half, everywhere(half))
    stars = half[..., 0] > 60
    assert (found[stars] > 0.5).all()


@pytest.mark.parametrize("seed", range(4))
def test_clouds_are_not_taken_for_objects(seed: int) -> None:
    half = half_of(clouds(400, 640, seed))
    assert (still_objects(half, everywhere(half)) > 0.5).mean() < 0.02


@pytest.mark.parametrize("size", [(200, 320), (400, 640)])
def test_the_straight_side_of_a_cloud_moves(size: tuple[int, int]) -> None:
    height, width = size
    corners = np.array([[0.2, 0.7], [0.45, 0.25], [0.8, 0.4], [0.75, 0.75]]) * (width, height)
    picture = np.full((height, width, 3), (70, 120, 190), np.uint8)
    cloud = cv2.fillPoly(picture.copy(), [corners.astype(np.int32)], (245, 245, 245))
    half = half_of(cv2.GaussianBlur(cloud, (5, 5), 0))
    assert (still_objects(half, everywhere(half)) > 0.5).mean() < 0.001


def test_the_sun_keeps_its_place_and_its_glow() -> None:
    rows, columns = np.mgrid[:240, :320].astype(np.float32)
    distance = np.hypot(columns - 200, rows - 90)
    luma = np.clip(110 + 170 * np.exp(-distance / 14), 0, 235)
    half = np.stack([luma, np.full_like(luma, 120), np.full_like(luma, 138)], axis=2)
    glow = find_glow(half, everywhere(half), is_night=False)
    assert glow is not None
    assert glow.centre == pytest.approx((200, 90), abs=2)
    assert glow.disc[90, 200] == 1
    assert glow.light[90, 230, 0] > 10


def test_a_bright_cloud_is_no_sun() -> None:
    rgb = clouds(400, 640, seed=2)
    rgb = np.clip(rgb.astype(int) * 1.25, 0, 255).astype(np.uint8)
    half = half_of(rgb).astype(np.float32)
    assert find_glow(half, everywhere(half), is_night=False) is None


def test_gaps_between_clouds_move() -> None:
    rng = np.random.default_rng(0)
    overcast = np.full((400, 640, 3), (225, 228, 232), np.uint8)
    for x, y in zip(rng.integers(20, 620, 30), rng.integers(20, 380, 30), strict=True):
        cv2.ellipse(overcast, (int(x), int(y)), (6, 4), 0, 0, 360, (110, 150, 210), -1)
    half = half_of(cv2.GaussianBlur(overcast, (0, 0), 1.5))
    assert (still_objects(half, everywhere(half)) > 0.5).mean() < 0.001


def test_a_colourful_sunset_moves() -> None:
    rng = np.random.default_rng(1)
    dusk = np.full((400, 640, 3), (120, 130, 160), np.uint8)
    for x, y in zip(rng.integers(20, 620, 60), rng.integers(20, 380, 60), strict=True):
        cv2.ellipse(dusk, (int(x), int(y)), (22, 6), 0, 0, 360, (220, 120, 110), -1)
    half = half_of(cv2.GaussianBlur(dusk, (0, 0), 2.5))
    assert (still_objects(half, everywhere(half)) > 0.5).mean() < 0.02
