"""The displacement itself: periodic, unfolded, rooted, and running from root to tip."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from windstill.elements.hair.gusts import gusts, natural_frequency, response
from windstill.elements.hair.locks import lock_noises
from windstill.elements.hair.motion_limits import eased
from windstill.elements.hair.poses import farthest, strain
from windstill.elements.hair.strands import Strands
from windstill.elements.hair.sway import Sway, rest_moment
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]


def rough_sway(seconds: float, height: int = 40, width: int = 30) -> Sway:
    rng = np.random.default_rng(2)
    blowing = gusts(seconds, 0.7, rng)
    basis = rng.standard_normal((2 * len(blowing.cycles), height, width, 2)).astype(np.float32)
    for part in basis:
        part[:] = cv2.GaussianBlur(part, (0, 0), 3) * 30
    return Sway(basis, blowing, rest_moment(basis, blowing))


@pytest.mark.parametrize("seconds", [2.0, 4.0, 7.3, 12.0])
def test_every_tone_has_whole_cycles_and_there_are_few(seconds: float) -> None:
    blowing = gusts(seconds, 0.7, np.random.default_rng(0))
    assert blowing.cycles.min() >= 1
    assert len(set(blowing.cycles.tolist())) == len(blowing.cycles) <= 8
    assert blowing.hertz.max() <= 2.6
    turns = blowing.turns(np.array([0.25, 1.25]))
    assert np.allclose(turns[0], turns[1], atol=1e-5)


def test_a_sway_starts_at_rest_and_ends_where_it_began() -> None:
    sway = rough_sway(4.0)
    assert np.all(sway.displacement(0.0) == 0)
    assert np.array_equal(sway.displacement(1.0), sway.displacement(0.0))
    last, first = sway.displacement(95 / 96), sway.displacement(1 / 96)
    assert np.abs(last).mean() == pytest.approx(np.abs(first).mean(), rel=0.5)


def test_rates_are_the_displacements_derivative() -> None:
    sway = rough_sway(4.0)
    flat = sway.basis.reshape(sway.basis.shape[0], -1)
    rate = sway.rates(np.array([0.3]), 4.0)[0] @ flat
    step = 1e-3
    there, here = sway.displacement(0.3 + step), sway.displacement(0.3 - step)
    slope = (there - here).ravel() / (2 * step)
    assert np.allclose(rate, slope, atol=0.02 * np.abs(slope).max())


def strands_of(shape: tuple[int, int], cell: int, degrees: float = 0.0) -> Strands:
    """Hair everywhere, all strands parallel; degrees: of what lies across them."""
    angle = np.deg2rad(degrees)
    planes = (np.full(shape, v, np.float32) for v in (np.cos(2 * angle), np.sin(2 * angle), 1))
    return Strands(
        np.ones(shape, np.float32),
        np.ones((*shape, 2), np.float32),
        Orientation(*planes),
        np.zeros((*shape, 2), np.float32),
        cell,
    )


def test_eased_motion_folds_nowhere_and_goes_as_far() -> None:
    sway, cell = rough_sway(4.0), 6
    strands = strands_of(sway.basis.shape[1:3], cell)
    weights = sway.weights(sway.moments)
    assert strain(sway.basis, weights, strands.orientation, cell).max() > 2
    calm = eased(sway.basis, weights, strands)
    far = np.median(farthest(calm, weights))
    assert far > 0.4 * np.median(farthest(sway.basis, weights))
    for moment in np.linspace(0, 1, 48, endpoint=False):
        pose = Sway(calm, sway.gusts, sway.start).displacement(float(moment))
        fine = cv2.resize(pose, None, fx=cell, fy=cell, interpolation=cv2.INTER_LINEAR)
        right, down = np.diff(fine, axis=1)[:-1], np.diff(fine, axis=0)[:, :-1]
        determinant = (1 - right[..., 0]) * (1 - down[..., 1]) - right[..., 1] * down[..., 0]
        assert determinant.min() > 0.05


def test_strands_bear_sliding_along_each_other_better_than_getting_longer() -> None:
    rows = np.mgrid[0:12, 0:12][0].astype(np.float32)
    upright = strands_of((12, 12), 1).orientation
    weights = np.ones((1, 1), np.float32)

    def of(x: F32, y: F32) -> float:
        pose = np.stack([x, y], axis=2).astype(np.float32)[None]
        return float(strain(pose, weights, upright, 1)[:-1, :-1].max())

    longer, bent = of(0 * rows, 0.2 * rows), of(0.2 * rows, 0 * rows)
    slid, bunched = of(0 * rows, 0.2 * rows.T), of(0.2 * rows.T, 0 * rows)
    assert longer > bunched > bent
    assert slid == pytest.approx(bent)


def test_short_hair_swings_faster_than_long() -> None:
    assert natural_frequency(0.3) > natural_frequency(1.0) >= natural_frequency(3.0)


def test_an_oscillator_follows_slow_winds_and_lags_behind_fast_ones() -> None:
    real, imaginary = response(np.array([0.01, 0.7, 3.0]), np.full(3, 0.7))
    answer = real + 1j * imaginary
    assert abs(answer[0]) == pytest.approx(1, abs=0.01)
    assert abs(answer[1]) > 1.5
    assert abs(answer[2]) < 0.1
    assert np.angle(answer[1]) == pytest.approx(-np.pi / 2, abs=0.01)


def test_the_farthest_is_that_of_all_poses() -> None:
    rng = np.random.default_rng(4)
    # More poses and values than are worked out at once, and some left over.
    basis = rng.normal(0, 3, (6, 7, 11, 2)).astype(np.float32)
    weights = rng.normal(0, 1, (13, 6)).astype(np.float32)
    poses = np.tensordot(weights, basis, 1)
    lengths = np.hypot(poses[..., 0], poses[..., 1])
    np.testing.assert_allclose(farthest(basis, weights), lengths.max(axis=0), rtol=1e-5)


def test_noise_is_alike_along_strands_and_not_across() -> None:
    angle = np.deg2rad(30)  # of what lies across them
    shape = 80, 90
    strands = Orientation(
        *(np.full(shape, value, np.float32) for value in (np.cos(2 * angle), np.sin(2 * angle), 1))
    )
    noises = lock_noises(strands, 3.0, 20.0, np.random.default_rng(1))
    for noise in noises:
        assert noise.mean() == pytest.approx(0, abs=1e-3)
        assert noise.std() == pytest.approx(1, abs=1e-3)
        along = _unlike(noise, -8 * np.sin(angle), 8 * np.cos(angle))
        across = _unlike(noise, 8 * np.cos(angle), 8 * np.sin(angle))
        assert along < 0.7 * across
    assert abs(float((noises[0] * noises[1]).mean())) < 0.4


def _unlike(noise: np.ndarray, x: float, y: float) -> float:
    """How much `noise` differs, on average, from what lies (x, y) beside."""
    rows, columns = np.mgrid[12:68, 12:78].astype(np.float32)
    moved = cv2.remap(noise, columns + np.float32(x), rows + np.float32(y), cv2.INTER_LINEAR)
    return float(np.abs(moved - noise[12:68, 12:78]).mean())
