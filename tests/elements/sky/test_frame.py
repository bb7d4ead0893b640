"""Frames and borders end the sky; skies without a frame are whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import breeze_for, clouds, scene_of
from windstill.elements.sky import Sky
from windstill.elements.sky.frame import frame_widths, rounded_corners
from windstill.imaging.planes import from_rgb

WHOLE = np.ones((300, 400), np.float32)


def framed(colour: int, top: int, left: int, bottom: int, right: int) -> np.ndarray:
    picture = clouds(300, 400, seed=3)
    inner = np.zeros((300, 400), np.float32)
    inner[top : 300 - bottom, left : 400 - right] = 1
    soft = cv2.GaussianBlur(inner, (3, 3), 0)[..., None]
    grain = np.random.default_rng(0).normal(0, 1.0, (300, 400, 1))
    return np.clip(picture * soft + (1 - soft) * (colour + grain), 0, 255).astype(np.uint8)


FRAMES = {
    "scan border": (98, 4, 5, 4, 5),
    "white frame": (252, 18, 18, 18, 18),
    "letterbox": (2, 40, 0, 40, 0),
    "one black side": (0, 0, 9, 0, 0),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_stays_and_what_is_in_it_moves(kind: str) -> None:
    colour, *sides = FRAMES[kind]
    scene = scene_of(framed(colour, *sides), WHOLE)
    widths = frame_widths(scene.planes.y)
    for width, side in zip(widths, sides, strict=True):
        assert side <= width <= side + 3 if side else width == 0
    lifted = Sky().lift(scene, breeze_for(scene))
    assert lifted.layer is not None
    canvas = scene.planes.copy()
    lifted.layer.paint(11, canvas)
    change = cv2.absdiff(canvas.y, scene.planes.y)
    top, left, bottom, right = sides
    inner = np.zeros(change.shape, bool)
    inner[top : 300 - bottom, left : 400 - right] = True
    assert change[~inner].max() == 0
    assert change[inner].mean() > 2


@pytest.mark.parametrize("seed", range(4))
def test_a_sky_without_a_frame_has_none(seed: int) -> None:
    assert frame_widths(from_rgb(clouds(300, 400, seed)).y) == (0, 0, 0, 0)


def test_an_even_sky_over_flat_roofs_is_no_frame() -> None:
    picture = np.full((300, 400, 3), (150, 180, 220), np.uint8)
    picture[60:, :250] = 90
    picture[85:, 250:] = 70
    assert frame_widths(from_rgb(picture).y) == (0, 0, 0, 0)


@pytest.mark.parametrize("colour", [0, 255])
def test_rounded_corners_are_found(colour: int) -> None:
    radius = 20
    rows, columns = np.mgrid[:300, :400]
    down = np.maximum(radius - rows, rows - (299 - radius)).clip(0)
    across = np.maximum(radius - columns, columns - (399 - radius)).clip(0)
    outside = np.hypot(down, across) > radius
    picture = np.clip(clouds(300, 400, seed=3), 40, 215)
    picture[outside] = colour
    found = rounded_corners(from_rgb(picture).y)
    assert found is not None
    assert found[outside].mean() > 0.95
    assert found[~outside].mean() < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_with_square_corners_has_none_that_are_round(seed: int) -> None:
    assert rounded_corners(from_rgb(clouds(300, 400, seed)).y) is None
