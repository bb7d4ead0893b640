"""How far hair may travel over what is hard to complete."""

from __future__ import annotations

import cv2
import numpy as np

from tests.elements.hair.portraits import Portrait, portrait
from windstill.elements.hair.allowance import doubt_about, travel_allowed
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.scalp import find_heads
from windstill.elements.hair.shoulders import shoulders
from windstill.imaging.planes import Planes, Region

HEAD = 100.0
"""Pixels, of the heads that `portrait` draws."""


def allowed(picture: Portrait, still: Planes) -> np.ndarray:
    """Pixels that hair may travel, at each pixel."""
    grid = Grid.over(Region(0, 0, *picture.hair.shape), HEAD)
    doubt = doubt_about(still, picture.hair, HEAD)
    heads = find_heads(picture.hair, picture.face)
    return grid.enlarge(travel_allowed(doubt, picture.hair, grid, heads))


def behind(picture: Portrait, luma: np.ndarray) -> Planes:
    """The portrait with another backdrop."""
    still = picture.scene.planes.copy()
    still.y[:] = np.where(picture.hair > 0.5, still.y, luma)
    return still


def outline(picture: Portrait) -> np.ndarray:
    return cv2.Canny((picture.hair > 0.5).astype(np.uint8) * 255, 50, 150) > 0


def test_hair_travels_less_where_an_edge_runs_into_it() -> None:
    picture = portrait(length=1.5, front=False)
    rows = np.arange(300)[:, None]
    crossed = allowed(picture, behind(picture, np.where(rows < 180, 60, 190)))
    plain = allowed(picture, behind(picture, np.full((300, 1), 190)))
    here, elsewhere = outline(picture), outline(picture)
    here[:174], here[186:] = False, False
    elsewhere[:50], elsewhere[80:] = False, False
    assert crossed[here].max() < 3
    assert plain[here].min() > 20
    assert crossed[elsewhere].min() > 15


def test_hair_travels_less_over_what_cannot_be_foreseen() -> None:
    picture = portrait(length=1.5, front=False)
    noise = np.random.default_rng(1).standard_normal((300, 260)).astype(np.float32)
    patches = cv2.GaussianBlur(noise, (0, 0), 3)
    found = allowed(picture, behind(picture, 130 + 40 * patches / patches.std()))
    edge = outline(picture)
    assert np.median(found[edge]) < 4


def test_hair_moves_inside_an_outline_that_hardly_may() -> None:
    picture = portrait(length=1.5, front=False)
    noise = np.random.default_rng(1).standard_normal((300, 260)).astype(np.float32)
    patches = cv2.GaussianBlur(noise, (0, 0), 3)
    found = allowed(picture, behind(picture, 130 + 40 * patches / patches.std()))
    assert found[160, 130] > 3 * np.median(found[outline(picture)])
    steepest = max(np.abs(np.diff(found, axis=axis)).max() for axis in (0, 1))
    cell = Grid.over(Region(0, 0, *picture.hair.shape), HEAD).cell
    assert steepest < 0.35 * cell


def test_an_outline_that_looks_up_below_the_chin_is_a_shoulder() -> None:
    picture = portrait(length=1.5, front=False)
    heads = find_heads(picture.hair, picture.face)
    grid = Grid.over(Region(0, 0, *picture.hair.shape), HEAD)

    def found(hair: np.ndarray) -> np.ndarray:
        return grid.enlarge(shoulders(grid.shrink(hair), grid.centres(), heads, grid.cell))

    assert found(picture.hair).max() < 0.1
    clothed = picture.hair.copy()
    clothed[190:, 10:250] = 1
    assert found(clothed)[188:192, 20:50].min() > 0.9
    assert found(clothed)[:150].max() < 0.1
    assert found(clothed)[240:280].max() < 0.1
