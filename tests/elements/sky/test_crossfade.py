"""The copies of a sky change without a gap, and start from the photo."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tests.compiled import libraries
from tests.elements.sky.defined import gain, streams_at, uncorrelated_gain
from windstill.elements.sky import crossfade
from windstill.elements.sky.crossfade import Crossfade, CrossfadeSchedule
from windstill.elements.sky.crossfade_statistics import CrossfadeStatistics
from windstill.elements.sky.dilations import Dilations, dilations_of
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import Lattice

LATTICE = Lattice(150, 250)
EVERYWHERE = np.ones(LATTICE.node_shape, np.uint8)


class Given(NamedTuple):
    lattice: Lattice
    schedule: CrossfadeSchedule
    statistics: CrossfadeStatistics
    dilations: Dilations
    drift: Drift


def given(periods: int = 2) -> Given:
    rng = np.random.default_rng(periods)

    def plane(low: float, high: float, *more: int) -> np.ndarray:
        field = rng.uniform(low, high, (*LATTICE.shape, *more)).astype(np.float32)
        smooth = cv2.GaussianBlur(field, (0, 0), 3)
        return ((smooth - smooth.mean()) * 4 + smooth.mean()).clip(low, high)

    schedule = CrossfadeSchedule(plane(-0.12, 0.12), 0.6, plane(-1, 1), periods)
    statistics = CrossfadeStatistics(plane(0, 300), plane(0, 300), plane(-90, 90), plane(0, 20))
    noise = rng.normal(0, 40, (75, 125)).astype(np.float32)
    dilations = dilations_of(cv2.GaussianBlur(noise, (0, 0), 2), 24, 12, dark=False)
    base = np.stack(LATTICE.positions(), axis=2)
    drift = Drift(base, (plane(-20, 20, 2), plane(-4, 4, 2), plane(-1, 1, 2)))
    return Given(LATTICE, schedule, statistics, dilations, drift)


@pytest.mark.parametrize("periods", [1, 2, 3])
@pytest.mark.parametrize("time", np.linspace(0, 1, 13))
def test_streams_are_what_they_are_defined_as(periods: int, time: float) -> None:
    case = given(periods)
    wanted = [each for each in streams_at(*case, time, 0.2) if (each.shape * 128 >= 0.5).any()]
    found = Crossfade(*case, EVERYWHERE).streams(float(time), 0.2)
    assert len(found) == len(wanted)
    for stream, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(stream.origins, right.origins, atol=1e-3)
        for counted, weight in (
            (stream.shape, right.shape),
            (stream.detail, right.detail),
            (stream.fine, right.fine),
        ):
            # Dilations are read at places that are exact to 1/64 of a sample.
            apart = np.abs(counted - weight * 128)
            assert apart.mean() < 0.5
            assert np.percentile(apart, 99) < 4


@pytest.mark.parametrize("time", np.linspace(0, 1, 13))
def test_weights_add_up_to_one(time: float) -> None:
    total = sum(stream.shape for stream in Crossfade(*given(), EVERYWHERE).streams(time, 0))
    assert np.abs(total - 128).max() <= 1


@pytest.mark.parametrize("periods", [1, 2, 3, 5])
def test_a_loop_starts_at_rest_and_closes(periods: int) -> None:
    case = given(periods)
    fade = Crossfade(*case, EVERYWHERE)
    for time in (0.0, 1.0):
        (stream,) = fade.streams(time, 0.3)
        np.testing.assert_array_equal(stream.origins, case.drift.base)
        for weights in (stream.shape, stream.detail, stream.fine):
            assert (weights == 128).all()


def test_nodes_that_are_not_looked_at_rest_unseen() -> None:
    case = given()
    wanted = EVERYWHERE.copy()
    wanted[:, 20:] = 0
    some = Crossfade(*case, wanted).streams(0.37, 0.1)
    whole = Crossfade(*case, EVERYWHERE).streams(0.37, 0.1)
    for part, full in zip(some, whole, strict=True):
        # Two nodes beside them see less of what is around them.
        np.testing.assert_array_equal(part.fine[:, :18], full.fine[:, :18])
        assert not (part.shape[:, 20:] | part.detail[:, 20:] | part.fine[:, 20:]).any()


def test_every_processor_changes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for path in libraries(crossfade, "crossfade"):
        function = ctypes.CDLL(str(path)).windstill_crossfade
        function.argtypes = crossfade._CROSSFADE.argtypes
        monkeypatch.setattr(crossfade, "_CROSSFADE", function)
        streams = Crossfade(*given(), EVERYWHERE).streams(0.37, 0.1)
        found.add(b"".join(s.origins.tobytes() + s.detail.tobytes() for s in streams))
    assert len(found) == 1


def test_fields_of_another_lattice_are_refused() -> None:
    case = given()
    base = case.drift.base[:-1]
    with pytest.raises(ValueError, match="float32"):
        Crossfade(*case._replace(drift=replace(case.drift, base=base)), EVERYWHERE)
    with pytest.raises(ValueError, match="uint8"):
        Crossfade(*case, EVERYWHERE[:-1])


@pytest.mark.parametrize(("alike", "factor"), [(1.0, 1.0), (0.0, np.sqrt(2))])
def test_the_gain_restores_what_blending_takes(alike: float, factor: float) -> None:
    one = np.full((2, 2), 1e4, np.float32)
    half = np.full((2, 2), 0.5, np.float32)
    found = gain(CrossfadeStatistics(one, one, alike * one, one), half, half)
    np.testing.assert_allclose(found, factor, rtol=1e-2)


def test_copies_with_nothing_in_common_keep_their_variance() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.standard_normal((2, 10_000))
    for early in (0.1, 0.5, 0.8):
        late = 1 - early
        factor = uncorrelated_gain(np.float32(early), np.float32(late))
        assert (factor * (early * one + late * other)).std() == pytest.approx(1, rel=0.05)
