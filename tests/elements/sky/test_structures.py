"""Masts, towers and hills that the matte takes for sky stay; clouds on the horizon move."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import clouds
from tests.elements.sky.test_still_objects import half_of
from windstill.elements.sky.lettering import lettering
from windstill.elements.sky.still_objects import still_objects

GROUND = 340


def over_ground(seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Clouds over dark ground, and the matte at half size."""
    picture = clouds(400, 640, seed)
    picture[GROUND:] = (60, 70, 50)
    matte = np.zeros((200, 320), np.float32)
    matte[: GROUND // 2] = 1
    return picture, matte


def tower(picture: np.ndarray) -> None:
    picture[:GROUND] = np.linspace((120, 160, 215), (165, 195, 225), GROUND)[:, None]
    cv2.rectangle(picture, (300, 180), (340, GROUND), (222, 218, 210), -1)


def mast(picture: np.ndarray) -> None:
    for left, right in ((300, 300), (330, 330)):
        cv2.line(picture, (left, 120), (right, GROUND), (50, 45, 45), 2, cv2.LINE_AA)
    for y in range(120, GROUND, 20):
        cv2.line(picture, (300, y), (330, y + 20), (50, 45, 45), 2, cv2.LINE_AA)
        cv2.line(picture, (330, y), (300, y + 20), (50, 45, 45), 2, cv2.LINE_AA)


def hill(picture: np.ndarray) -> None:
    slope = np.array([[380, GROUND], [470, 300], [560, 290], [639, 305], [639, GROUND]])
    cv2.fillPoly(picture, [slope], (105, 110, 95))


STANDING = {"tower": tower, "mast": mast, "hill": hill}


@pytest.mark.parametrize("thing", STANDING)
def test_what_stands_on_the_ground_stays_though_the_matte_holds_it(thing: str) -> None:
    picture, matte = over_ground()
    with_it = picture.copy()
    STANDING[thing](with_it)
    plain = with_it.copy()
    if thing == "tower":
        plain[:GROUND] = np.linspace((120, 160, 215), (165, 195, 225), GROUND)[:, None]
    else:
        plain = picture
    there = np.abs(half_of(with_it).astype(int) - half_of(plain))[..., 0] > 15
    found = still_objects(half_of(with_it), matte)
    assert (found[there & (matte > 0)] > 0.5).mean() > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_clouds_on_the_horizon_move(seed: int) -> None:
    picture, matte = over_ground(seed)
    found = still_objects(half_of(picture), matte)
    assert (found > 0.5).sum() < 0.02 * matte.sum()


@pytest.mark.parametrize("text", ["2024-07-15 18:32", "PHOTO BY J. DOE"])
def test_a_date_in_the_sky_stays(text: str) -> None:
    blank = np.clip(clouds(400, 640, seed=2).astype(int) - 20, 0, 255).astype(np.uint8)
    stamped = blank.copy()
    cv2.putText(stamped, text, (330, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    half = half_of(stamped)
    there = half[..., 0].astype(int) - half_of(blank)[..., 0] > 30
    found = lettering(np.ascontiguousarray(half[..., 0]), np.ones(half.shape[:2], bool))
    assert found[there].mean() > 0.95


@pytest.mark.parametrize("seed", range(6))
def test_clouds_are_no_text(seed: int) -> None:
    half = half_of(clouds(400, 640, seed))
    assert not lettering(np.ascontiguousarray(half[..., 0]), np.ones(half.shape[:2], bool)).any()
