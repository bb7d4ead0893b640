"""The matte is held to what hair of the place looks like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.tones import supported, tones_of

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
HEAD = 100.0


def _scene() -> tuple[U8, U8, F32]:
    """Dark hair on the left before a wall of 120: luma, plate and matte."""
    luma = np.full((120, 160), 120, np.uint8)
    luma[:, :60] = 40
    hair = np.zeros((120, 160), np.float32)
    hair[:, :60] = 1
    return luma, np.full_like(luma, 120), hair


def test_hair_and_a_strand_like_it_stay_as_they_are() -> None:
    luma, plate, hair = _scene()
    luma[50:52, 60:90], hair[50:52, 60:90] = 40, 1
    luma[52, 60:90], hair[52, 60:90] = 80, 0.5
    tones = tones_of(luma, hair, HEAD)
    np.testing.assert_allclose(supported(hair, luma, plate, tones), hair, atol=0.08)


def test_a_light_bar_beside_dark_hair_is_no_strand() -> None:
    luma, plate, hair = _scene()
    luma[50:53, 60:90], hair[50:53, 60:90] = 220, 1
    tones = tones_of(luma, hair, HEAD)
    held = supported(hair, luma, plate, tones)
    assert held[50:53, 68:90].max() == 0


def test_an_edge_in_the_light_from_behind_is_hair() -> None:
    luma, plate, hair = _scene()
    luma[:, 60:62], hair[:, 60:62] = 230, 1
    assert supported(hair, luma, plate, tones_of(luma, hair, HEAD))[:, 60:62].min() == 1


def test_a_strand_darker_than_its_matte_allows_gets_more_of_it() -> None:
    luma, plate, hair = _scene()
    luma[50, 60:90], hair[50, 60:90] = 45, 0.45
    held = supported(hair, luma, plate, tones_of(luma, hair, HEAD))
    assert held[50, 60:90].min() > 0.7


def test_a_faint_matte_over_a_wrong_plate_does_not_make_hair() -> None:
    luma, plate, hair = _scene()
    hair[40:60, 70:90] = 0.05
    plate[40:60, 70:90] = 200
    tones = tones_of(luma, hair, HEAD)
    held = supported(hair, luma, plate, tones)
    assert held[40:60, 70:90].max() <= 0.05


def test_hair_without_a_solid_part_sets_no_limits() -> None:
    luma, plate, hair = _scene()
    hair[:, :] = 0
    luma[50, 60:90], hair[50, 60:90] = 190, 0.6
    np.testing.assert_allclose(supported(hair, luma, plate, tones_of(luma, hair, HEAD)), hair)


def test_what_the_matte_missed_beside_hair_is_hair_and_farther_off_it_is_not() -> None:
    luma, plate, hair = _scene()
    luma[:, 60:62] = 60
    luma[:, 70:72] = 60
    plate[:, 70:72] = 60
    tones = tones_of(luma, hair, HEAD)
    held = supported(hair, luma, plate, tones)
    assert held[:, 60:62].min() > 0.5
    assert held[:, 62:].max() == 0
