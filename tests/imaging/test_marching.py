from __future__ import annotations

import ctypes

import numpy as np
import pytest

from tests.compiled import libraries
from windstill.imaging import marching
from windstill.imaging.marching import carried_on


def hole_in(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    known = np.ones(shape, bool)
    known[10:30, 20:44] = False
    return known, ~known


def test_a_hole_in_one_colour_gets_that_colour() -> None:
    known, hole = hole_in((40, 64))
    planes = [np.where(known, value, 0).astype(np.uint8) for value in (77, 130, 3)]
    for plane, value in zip(carried_on(planes, known, hole), (77, 130, 3), strict=True):
        np.testing.assert_allclose(plane, value, atol=0.01)


def test_a_bar_goes_on_into_a_hole() -> None:
    known = np.ones((40, 64), bool)
    known[:, 40:52] = False
    bars = np.zeros((40, 64), np.float32)
    bars[17:25, :40] = 200
    found = carried_on([np.where(known, bars, 90)] * 3, known, ~known)[0]
    assert found[19:23, 40:45].min() > 140
    assert found[:12, 40:52].max() < 5


def test_what_is_neither_known_nor_hole_stays_and_lends_nothing() -> None:
    known, hole = hole_in((40, 64))
    hole[:, 32:] = False
    plane = np.where(known, np.float32(100), np.float32(9))
    found = carried_on([plane] * 3, known, hole)[0]
    assert (found[10:30, 32:44] == 9).all()
    np.testing.assert_allclose(found[10:30, 20:32], 100, atol=0.01)


def test_nothing_known_changes_nothing() -> None:
    plane = np.full((12, 12), 7, np.uint8)
    nothing, everything = np.zeros((12, 12), bool), np.ones((12, 12), bool)
    assert (carried_on([plane] * 3, nothing, everything)[0] == 7).all()


def test_every_processor_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    known, hole = hole_in((40, 64))
    planes = list(np.random.default_rng(1).uniform(0, 255, (3, 40, 64)).astype(np.float32))
    found = set()
    for path in libraries(marching, "marching"):
        monkeypatch.setattr(marching, "_MARCH", ctypes.CDLL(str(path)).windstill_march)
        found.add(np.stack(carried_on(planes, known, hole)).tobytes())
    assert len(found) == 1
