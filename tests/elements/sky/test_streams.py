"""The copies of a sky take turns without a gap, and start from the photo."""

from __future__ import annotations

import numpy as np
import pytest

from tests.elements.sky.defined import gain, shown_at, span, uncorrelated_gain
from windstill.elements.sky.streams import Moments, Turns


def turns(periods: int = 2) -> Turns:
    rng = np.random.default_rng(0)
    offsets = rng.uniform(-0.25, 0.25, (20, 30)).astype(np.float32)
    fade = rng.uniform(0.2, 0.5, (20, 30)).astype(np.float32)
    return Turns(offsets, fade, periods)


@pytest.mark.parametrize("time", np.linspace(0, 1, 13))
def test_weights_add_up_to_one(time: float) -> None:
    even, odd = shown_at(turns(), time)
    np.testing.assert_allclose(even.weight + odd.weight, 1, atol=1e-5)


@pytest.mark.parametrize("periods", [1, 2, 3, 5])
def test_a_loop_closes(periods: int) -> None:
    def seen(time: float) -> np.ndarray:
        shown = shown_at(turns(periods), time)
        return np.sort([(10 * copy + age) * (weight > 0) for age, weight, copy in shown], axis=0)

    np.testing.assert_allclose(seen(0.0), seen(1.0), atol=1e-6)


def test_the_loop_starts_at_rest() -> None:
    (age, weight, copy), other = shown_at(turns(), 0.0)
    assert (weight == 1).all()
    assert (age == 0).all()
    assert (copy == 0).all()
    assert not other.weight.any()


def test_ages_stay_within_the_span() -> None:
    plan = turns()
    for time in np.linspace(0, 1, 50):
        for age, weight, _ in shown_at(plan, time):
            assert np.abs(age[weight > 0]).max(initial=0) <= span(plan) + 1e-5


@pytest.mark.parametrize(("alike", "factor"), [(1.0, 1.0), (0.0, np.sqrt(2))])
def test_the_gain_restores_what_blending_takes(alike: float, factor: float) -> None:
    one = np.full((2, 2), 100, np.float32)
    half = np.full((2, 2), 0.5, np.float32)
    found = gain(Moments(one, one, alike * one, 0.01), half, half)
    np.testing.assert_allclose(found, factor, rtol=1e-2)


def test_copies_with_nothing_in_common_keep_their_variance() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.standard_normal((2, 10_000))
    for early in (0.1, 0.5, 0.8):
        late = 1 - early
        factor = uncorrelated_gain(np.float32(early), np.float32(late))
        assert (factor * (early * one + late * other)).std() == pytest.approx(1, rel=0.05)
