"""Clear skies get cirrus that is seen, and fits them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import breeze_for, clouds, render, scene_of
from windstill.bench import metrics
from windstill.elements.sky import Sky
from windstill.elements.sky.veil import texture, veil

SKIES = {"blue": ((60, 110, 190), (150, 185, 225)), "overcast": ((205, 208, 212), (222, 223, 224))}


def gradient(name: str) -> np.ndarray:
    top, bottom = SKIES[name]
    grain = np.random.default_rng(0).normal(0, 1.0, (360, 640, 1))
    sky = np.repeat(np.linspace(top, bottom, 360)[:, None], 640, axis=1)
    return np.clip(sky + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", SKIES)
def test_a_sky_without_clouds_gets_some_that_are_seen(name: str) -> None:
    loop = render(gradient(name), np.ones((360, 640), np.float32), seconds=4, fps=8)
    assert loop.lifted.movement.motion == "procedural"
    assert [notice.code for notice in loop.lifted.notices] == ["clear_sky"]
    spread = np.percentile(np.ptp(loop.luma.astype(int), axis=0), 95)
    assert 4 <= spread <= 10
    assert metrics.flicker(loop.luma, loop.matte > 0.5) < 0.3


def test_cirrus_is_drawn_out_along_the_horizon_and_smaller_there() -> None:
    luma = veil((180, 320), 320, (140.0, 15.0, -10.0), np.random.default_rng(0))[..., 0]
    down, across = np.abs(np.diff(luma, axis=0)), np.abs(np.diff(luma, axis=1))
    assert down.mean() > 2.5 * across.mean()
    relative = [part.mean() / luma[rows].std() for rows, part in (
        (slice(0, 60), across[:60]), (slice(120, 180), across[120:])
    )]  # fmt: skip
    assert relative[1] > 1.3 * relative[0]


def test_cirrus_whitens_its_sky_and_is_never_darker() -> None:
    cloud = veil((180, 320), 320, (140.0, 20.0, -15.0), np.random.default_rng(0))
    assert cloud[..., 0].min() > -0.5
    thick = cloud[..., 0] > 5
    assert cloud[thick, 1].max() < 0
    assert cloud[thick, 2].min() > 0


def test_masts_and_twigs_are_no_clouds() -> None:
    luma = np.zeros((180, 320, 3), np.float32)
    for x in range(20, 300, 12):
        cv2.line(luma, (x, 60), (x + 4, 179), (-60.0, 0.0, 0.0), 1)
    assert texture(luma, np.ones((180, 320), np.float32)) < 1


def test_a_sky_with_clouds_keeps_its_own() -> None:
    scene = scene_of(clouds(360, 640), np.ones((360, 640), np.float32))
    assert Sky().lift(scene, breeze_for(scene)).movement.motion == "drift"


def test_a_veil_leaves_no_halo_around_lamp_posts() -> None:
    posts = range(60, 620, 80)
    sky, everywhere = gradient("blue"), np.ones((360, 640), np.float32)
    for x in posts:
        cv2.line(sky, (x, 359), (x, 120), (40, 40, 45), 3, cv2.LINE_AA)
    added, usual = (
        loop.luma.astype(np.float32).max(axis=0) - loop.scene.planes.y
        for loop in (render(each, everywhere, seconds=4, fps=8) for each in (sky, gradient("blue")))
    )
    beside = np.zeros((360, 640), bool)
    for x in posts:
        beside[140:340, x + 4 : x + 9] = True
    assert added[beside].mean() > 0.3 * usual[beside].mean()
