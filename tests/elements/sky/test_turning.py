"""The compiled streams are what they are defined as."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from tests.compiled import libraries
from tests.elements.sky.defined import gain, shown_at, uncorrelated_gain
from windstill.elements.sky import turning
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.streams import Moments, Turns
from windstill.elements.sky.turning import Turning

SHAPE = 21, 34
EVERYWHERE = np.ones(SHAPE, np.uint8)
Given = tuple[Turns, Moments, Drift, np.ndarray]


def given(periods: int) -> Given:
    rng = np.random.default_rng(periods)

    def plane(low: float, high: float, *more: int) -> np.ndarray:
        return rng.uniform(low, high, (*SHAPE, *more)).astype(np.float32)

    turns = Turns(plane(-0.12, 0.12), plane(0.25, 0.75), periods)
    moments = Moments(plane(0, 300), plane(0, 300), plane(-90, 90), 1.0)
    paths = plane(-40, 40, 2), plane(-4, 4, 2), plane(-1, 1, 2)
    drift = Drift(plane(0, 200, 2), paths, np.zeros(2, np.float32))
    wander = rng.uniform(-9, 9, (periods, *SHAPE, 2)).astype(np.float32)
    return turns, moments, drift, wander


@pytest.mark.parametrize("periods", [1, 2, 3, 5])
def test_streams_are_what_they_are_defined_as(periods: int) -> None:
    turns, moments, drift, wander = given(periods)
    compiled = Turning(turns, moments, drift, wander, EVERYWHERE)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    for time in np.linspace(0, 1, 37):
        even, odd = shown_at(turns, float(time))
        early = np.where(even.age > odd.age, even.weight, odd.weight)
        coarse, fine = gain(moments, early, 1 - early), uncorrelated_gain(early, 1 - early)
        seen = [each for each in (even, odd) if each.weight.any()]
        found = compiled.streams(float(time), 0.2)
        assert len(found) == len(seen)
        for stream, (age, weight, copy) in zip(found, seen, strict=True):
            moved = np.where(copy == 0, np.minimum(np.abs(age) * 20, 1), np.float32(1))
            sharper = weight * (1 + np.float32(0.2) * moved)
            for counted, factor in (
                (stream.shape, weight),
                (stream.detail, sharper * coarse),
                (stream.fine, sharper * fine),
            ):
                np.testing.assert_array_equal(counted, np.rint(factor * np.float32(128)))
            place = drift.origins(age) - wander[copy, rows, columns]
            np.testing.assert_array_equal(stream.origins, place)


def test_cells_that_are_not_looked_at_rest_unseen() -> None:
    turns, moments, drift, wander = given(2)
    wanted = EVERYWHERE.copy()
    wanted[:, 10:] = 0
    some = Turning(turns, moments, drift, wander, wanted).streams(0.37, 0.1)
    whole = Turning(turns, moments, drift, wander, EVERYWHERE).streams(0.37, 0.1)
    for part, full in zip(some, whole, strict=True):
        np.testing.assert_array_equal(part.origins[:, :10], full.origins[:, :10])
        np.testing.assert_array_equal(part.fine[:, :10], full.fine[:, :10])
        np.testing.assert_array_equal(part.origins[:, 10:], drift.base[:, 10:])
        assert not (part.shape[:, 10:] | part.detail[:, 10:] | part.fine[:, 10:]).any()


def test_every_processor_turns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for path in libraries(turning, "turning"):
        function = ctypes.CDLL(str(path)).windstill_turn
        function.argtypes = turning._TURN.argtypes
        monkeypatch.setattr(turning, "_TURN", function)
        streams = Turning(*given(2), EVERYWHERE).streams(0.37, 0.1)
        found.add(b"".join(s.origins.tobytes() + s.detail.tobytes() for s in streams))
    assert len(found) == 1


def test_fields_of_another_lattice_are_refused() -> None:
    turns, moments, drift, wander = given(2)
    with pytest.raises(ValueError, match="float32"):
        Turning(turns, moments, drift, wander[:1], EVERYWHERE)
    with pytest.raises(ValueError, match="float32"):
        Turning(turns, replace(moments, both=moments.both[:-1]), drift, wander, EVERYWHERE)
