"""At the border of the sky nothing gets darker or brighter than what may be there."""

from __future__ import annotations

import numpy as np

from windstill.elements.sky.bounds import bounds_of
from windstill.imaging.planes import Planes


def _scene() -> tuple[Planes, np.ndarray, np.ndarray]:
    """A sky of 150 with a cloud of 220 in it above a roof of 90, and its matte and known part."""
    luma = np.full((80, 120), 150, np.uint8)
    luma[10:20, 40:60] = 220
    luma[50:] = 90
    matte = np.zeros((40, 60), np.float32)
    matte[:25] = 1
    known = np.zeros((40, 60), np.float32)
    known[:23] = 1
    grey = np.full((40, 60), 128, np.uint8)
    return Planes(luma, grey, grey.copy()), matte, known


def _held(value: int, travel: float) -> np.ndarray:
    """The luma, when every pixel is to become `value`."""
    still, matte, known = _scene()
    bounds = bounds_of(still, matte, known, travel)[0]
    least, most = bounds.least.astype(int), bounds.most.astype(int)
    least[least == -128], most[most == 127] = -255, 255
    return still.y + np.clip(value - still.y.astype(int), least, most)


def test_a_rim_is_neither_darker_than_the_roof_nor_brighter_than_a_cloud_that_may_come() -> None:
    assert (_held(30, travel=60)[49, 20:90] == 90).all()
    assert _held(250, travel=60)[49, 50] == 220


def test_a_cloud_that_is_too_far_away_lends_the_rim_nothing() -> None:
    assert (_held(250, travel=8)[49, 20:90] == 150).all()


def test_the_open_sky_is_left_alone() -> None:
    assert (_held(30, travel=8)[:30] == 30).all()


def test_the_photo_itself_always_stays() -> None:
    still, matte, known = _scene()
    for bounds in bounds_of(still, matte, known, 5):
        assert (bounds.least <= 0).all()
        assert (bounds.most >= 0).all()
