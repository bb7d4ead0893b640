"""The copies of a sky take turns without a gap, and start from the photo."""

from __future__ import annotations

import numpy as np
import pytest

from windstill.elements.sky.streams import Moments, Turns, uncorrelated_gain


def turns(periods: int = 2) -> Turns:
    rng = np.random.default_rng(0)
    offsets = rng.uniform(-0.25, 0.25, (20, 30)).astype(np.float32)
    fade = rng.uniform(0.2, 0.5, (20, 30)).astype(np.float32)
    return Turns(offsets, fade, periods)


@pytest.mark.parametrize("time", np.linspace(0, 1, 13))
def test_weights_add_up_to_one(time: float) -> None:
    even, odd = turns().at(time)
    np.testing.assert_allclose(even.weight + odd.weight, 1, atol=1e-5)


@pytest.mark.parametrize("periods", [1, 2, 3, 5])
def test_a_loop_closes(periods: int) -> None:
    def seen(time: float) -> np.ndarray:
        shown = turns(periods).at(time)
        return np.sort([(10 * copy + age) * (weight > 0) for age, weight, copy in shown], axis=0)

    np.testing.assert_allclose(seen(0.0), seen(1.0), atol=1e-6)


def test_the_loop_starts_at_rest() -> None:
    (age, weight, copy), other = turns().at(0.0)
    assert (weight == 1).all()
    assert (age == 0).all()
    assert (copy == 0).all()
    assert not other.weight.any()


def test_ages_stay_within_the_span() -> None:
    plan = turns()
    for time in np.linspace(0, 1, 50):
        for age, weight, _ in plan.at(time):
            assert np.abs(age[weight > 0]).max(initial=0) <= plan.span + 1e-5


@pytest.mark.parametrize(("alike", "gain"), [(1.0, 1.0), (0.0, np.sqrt(2))])
def test_the_gain_restores_what_blending_takes(alike: float, gain: float) -> None:
    one = np.full((2, 2), 100, np.float32)
    half = np.full((2, 2), 0.5, np.float32)
    np.testing.assert_allclose(
        Moments(one, one, alike * one, 0.01).gain(half, half), gain, rtol=1e-2
    )


def test_copies_with_nothing_in_common_keep_their_variance() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.standard_normal((2, 10_000))
    for early in (0.1, 0.5, 0.8):
        late = 1 - early
        gain = uncorrelated_gain(np.float32(early), np.float32(late))
        assert (gain * (early * one + late * other)).std() == pytest.approx(1, rel=0.05)
