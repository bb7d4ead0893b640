"""Still water shows the sky that drifts above it; all other water, and land, stands still."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import (
    DIMMED,
    breeze_for,
    china,
    clouds,
    cloudy_china,
    lake,
    scene_of,
)
from windstill.elements.base import Scene
from windstill.elements.sky import Sky
from windstill.elements.sky.reflection import reflection_of
from windstill.render import set_stage

SHORE = 240


def mirror_lake(ripples: float = 0.0) -> tuple[Scene, np.ndarray]:
    """The scene, and where its water surely mirrors the sky."""
    picture, matte = lake(ripples)
    mirrored = np.zeros(matte.shape, bool)
    sky = (matte[:SHORE][::-1] > 0).astype(np.uint8)
    mirrored[SHORE:] = cv2.erode(sky, np.ones((41, 41))) > 0
    return scene_of(picture, matte), mirrored


def test_a_mirror_lake_follows_the_sky_dimmed_as_the_photo_is() -> None:
    scene, mirrored = mirror_lake()
    stage = set_stage(scene, [Sky()], breeze_for(scene, seconds=4, fps=8))
    still = scene.planes.y.astype(int)
    canvas = scene.planes.copy()
    stage.paint(12, canvas)
    change = canvas.y.astype(int) - still
    above, water = change[:SHORE][::-1], change[SHORE:]
    there = mirrored[SHORE:]
    assert np.abs(above[there]).mean() > 1
    slope = (above[there] * water[there]).sum() / (above[there] ** 2).sum()
    assert slope == pytest.approx(DIMMED, abs=0.15)
    assert np.corrcoef(above[there], water[there])[0, 1] > 0.85
    stage.repaint(0, canvas)
    np.testing.assert_array_equal(canvas.y, scene.planes.y)
    np.testing.assert_array_equal(canvas.u, scene.planes.u)


def test_what_the_water_mirrors_of_the_land_stands_still() -> None:
    scene, _ = mirror_lake()
    stage = set_stage(scene, [Sky()], breeze_for(scene, seconds=4, fps=8))
    canvas = scene.planes.copy()
    stage.paint(12, canvas)
    moved = canvas.y != scene.planes.y
    land = scene.mattes.sky[:SHORE][::-1] == 0
    assert not moved[SHORE:][cv2.erode(land.astype(np.uint8), np.ones((5, 5))) > 0].any()


@pytest.mark.parametrize("scene", [
    scene_of(*china()), scene_of(*cloudy_china()), mirror_lake(ripples=15.0)[0],
    scene_of(clouds(480, 640), np.ones((480, 640), np.float32)),
], ids=["no water", "clouds and no water", "ripples", "sky alone"])  # fmt: skip
def test_what_is_no_certain_mirror_stands_still(scene: Scene) -> None:
    assert reflection_of(scene) is None
