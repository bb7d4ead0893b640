"""The figures of a drifting sky, against loops that were made to have them."""

from __future__ import annotations

import numpy as np
import pytest

from windstill.bench.sky_quality import figures
from windstill.imaging.noise import smooth_noise

HEIGHT, WIDTH, COUNT, FPS = 120, 640, 64, 6
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)
# What a roll brings in at the sides is not in the first frame.
EVERYWHERE[:, :60] = EVERYWHERE[:, -60:] = False


def clouds(contrast: float = 30) -> np.ndarray:
    rng = np.random.default_rng(2)
    noise = smooth_noise((HEIGHT, COUNT), 30, rng) + 0.4 * smooth_noise((HEIGHT, COUNT), 9, rng)
    # As wide as a loop's way, so that the last frame leads to the first.
    return np.tile(np.clip(128 + contrast * noise, 0, 255).astype(np.uint8), (1, WIDTH // COUNT))


def drifting(step: float) -> np.ndarray:
    return np.stack([np.roll(clouds(), round(step * k), axis=1) for k in range(COUNT)])


def test_a_drift_travels_one_way_and_leaves_all_whole() -> None:
    found = figures(drifting(1), EVERYWHERE, FPS)
    assert found["unexplained"] < 0.02
    assert found["travel"] == pytest.approx(2 * FPS / WIDTH * 100, rel=0.05)
    assert found["steady"] > 0.95


def test_what_rocks_is_not_steady() -> None:
    places = np.rint(9 * np.sin(2 * np.pi * np.arange(COUNT) / COUNT)).astype(int)
    frames = np.stack([np.roll(clouds(), place, axis=1) for place in places])
    assert figures(frames, EVERYWHERE, FPS)["steady"] < 0.2


def test_a_sky_that_stands_neither_travels_nor_tears() -> None:
    found = figures(np.stack([clouds()] * COUNT), EVERYWHERE, FPS)
    assert found["travel"] == 0
    assert found["unexplained"] == 0


def test_what_doubles_is_not_explained() -> None:
    frames = drifting(1)
    plain = figures(frames, EVERYWHERE, FPS)["unexplained"]
    frames[20:40] = (frames[20:40].astype(int) + np.roll(frames[20:40], 25, axis=2)) // 2
    assert figures(frames, EVERYWHERE, FPS)["unexplained"] > plain + 0.15


def test_what_is_torn_is_not_explained() -> None:
    frames = drifting(1)
    plain = figures(frames, EVERYWHERE, FPS)["unexplained"]
    frames[20:40, 40:100, 300:400] = frames[20:40, 40:100, 100:200][:, ::-1]
    assert figures(frames, EVERYWHERE, FPS)["unexplained"] > plain + 0.01


def test_only_the_sky_is_looked_at() -> None:
    frames = drifting(1)
    frames[20:40, 85:] = 255 - frames[20:40, 85:]
    sky = EVERYWHERE.copy()
    sky[80:] = False
    assert figures(frames, sky, FPS)["unexplained"] < 0.02


def test_texture_that_streams_through_a_standing_outline_does_not_travel() -> None:
    standing = (clouds().astype(int) > 128) * 140 + 40
    rng = np.random.default_rng(5)
    grain = 6 * smooth_noise((HEIGHT, WIDTH), 5, rng)
    frames = np.stack([standing + np.roll(grain, 2 * k, axis=1) for k in range(COUNT)])
    found = figures(np.clip(frames, 0, 255).astype(np.uint8), EVERYWHERE, FPS)
    assert found["travel"] < 0.4
