"""Clouds move as a layer under a level wind, and nothing ever folds."""

from __future__ import annotations

import numpy as np
import pytest

from windstill.elements.sky.drift import Drift, drift_of, eddies, view_of, widened
from windstill.elements.sky.lattice import CELL, Lattice
from windstill.imaging.planes import Region

HEIGHT, WIDTH = 240, 400


def landscape() -> np.ndarray:
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[:150] = 1
    return matte


def drift(matte: np.ndarray, degrees: float, step: float = 16, seed: int = 0) -> Drift:
    region, lattice = Region(0, 0, *matte.shape), Lattice(*matte.shape)
    wide = widened(lattice, step, 1.0)[0]
    return drift_of(
        matte,
        region,
        lattice,
        degrees=degrees,
        step=step,
        span=1.0,
        eddy=eddies(wide.shape, max(matte.shape), np.random.default_rng(seed)),
    )


def shown(motion: Drift, age: float) -> np.ndarray:
    """Displacement of what is shown at `age` periods, (rows, columns, 2), without the rim."""
    ages = np.full(motion.base.shape[:2], age, np.float32)
    return (motion.base - motion.origins(ages))[1:-1, 1:-1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("degrees", [0, 14, 90, 166, 180, 270])
@pytest.mark.parametrize("age", [-1.0, -0.4, 0.5, 1.0])
def test_the_map_never_folds(degrees: float, age: float, seed: int) -> None:
    # The windiest there is: copies as far apart as they may get.
    motion = drift(landscape(), degrees, step=0.068 * WIDTH, seed=seed)
    moved = -shown(motion, age) / CELL
    down, right = np.gradient(moved, axis=(0, 1))
    jacobian = (1 + right[..., 0]) * (1 + down[..., 1]) - right[..., 1] * down[..., 0]
    assert jacobian.min() > 0.15


@pytest.mark.parametrize("degrees", [0, 60, 166, 270])
@pytest.mark.parametrize("age", [-0.9, 0.9])
def test_nothing_comes_from_beyond_the_edges(degrees: float, age: float) -> None:
    motion = drift(landscape(), degrees, step=0.068 * WIDTH)
    ages = np.full(motion.base.shape[:2], age, np.float32)
    x, y = np.moveaxis(motion.origins(ages)[1:-1, 1:-1], 2, 0)
    assert x.min() > -1
    assert y.min() > -1
    assert x.max() < WIDTH
    assert y.max() < HEIGHT


def test_a_slower_drift_takes_the_same_paths() -> None:
    motion = drift(landscape(), 20)
    ages = np.full(motion.base.shape[:2], 0.8, np.float32)
    np.testing.assert_allclose(
        motion.slowed(0.5).origins(ages), motion.origins(ages / 2), atol=1e-3
    )


@pytest.mark.parametrize(
    ("degrees", "axis", "sign"), [(0, 0, 1), (180, 0, -1), (90, 1, -1), (270, 1, 1)]
)
def test_the_wind_blows_where_it_should(degrees: float, axis: int, sign: int) -> None:
    moved = shown(drift(landscape(), degrees), 1.0)[:15]
    assert sign * moved[..., axis].mean() > 3


def test_the_horizon_is_calm() -> None:
    speed = np.hypot(*np.moveaxis(shown(drift(landscape(), 0), 1.0), 2, 0))
    assert speed[:3].mean() > 2.5 * speed[16:18].mean()


def test_rest_is_exact() -> None:
    assert not shown(drift(landscape(), 20), 0.0).any()


def test_travel_is_what_was_asked_for() -> None:
    speed = np.hypot(*np.moveaxis(shown(drift(landscape(), 0, step=20), 1.0), 2, 0))
    # Less near the edges, where it is held back.
    assert np.percentile(speed[:18], 90) == pytest.approx(20, rel=0.25)


@pytest.mark.parametrize(
    ("sky", "up"),
    [
        ((slice(0, 120), slice(None)), (0.0, -1.0)),
        ((slice(120, None), slice(None)), (0.0, 1.0)),
        ((slice(None), slice(0, 150)), (0.0, -1.0)),
        ((slice(60, 240), slice(0, 150)), (-1.0, 0.0)),
        ((slice(60, 240), slice(250, None)), (1.0, 0.0)),
    ],
)
def test_up_is_where_the_sky_is(sky: tuple[slice, slice], up: tuple[float, float]) -> None:
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[sky] = 1
    assert view_of(matte).up == up
