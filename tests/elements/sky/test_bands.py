"""What of a sky's fine detail drifts with the clouds, and what stays on the photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from windstill.elements.sky.bands import FineBand, fine_band, halve
from windstill.elements.sky.lattice import Lattice

SHAPE = 240, 400
U8 = NDArray[np.uint8]


def _sky(rng: np.random.Generator) -> NDArray[np.float64]:
    """A gradient with soft clouds, which have no fine detail."""
    ramp = np.tile(np.linspace(120, 190, SHAPE[0])[:, None], (1, SHAPE[1]))
    clouds = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 25)
    return ramp + 12 * clouds / clouds.std()


def _band(luma: NDArray[np.float64], jpeg: int | None = None) -> FineBand | None:
    whole = np.rint(luma.clip(0, 255)).astype(np.uint8)
    if jpeg is not None:
        data = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1]
        whole = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    half = SHAPE[0] // 2, SHAPE[1] // 2
    return fine_band(whole, halve(whole), np.ones(half, np.float32), Lattice(*SHAPE))


def _moving(band: FineBand | None) -> float:
    """The share of the sky whose fine detail moves."""
    return 0.0 if band is None else float(band.strength.mean())


@pytest.mark.parametrize("smoothed", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("jpeg", [None, 95, 85])
def test_grain_that_is_seen_stays(smoothed: float, jpeg: int | None) -> None:
    """Whatever the camera and the file did to it."""
    rng = np.random.default_rng(5)
    grain = rng.standard_normal(SHAPE)
    if smoothed:
        grain = cv2.GaussianBlur(grain, (0, 0), smoothed)
    assert _moving(_band(_sky(rng) + 4 * grain / grain.std(), jpeg)) < 0.05


def test_clouds_move_before_grain_that_stays() -> None:
    rng = np.random.default_rng(5)
    rough = np.zeros(SHAPE)
    rough[:, 200:] = 12 * cv2.GaussianBlur(rng.standard_normal((SHAPE[0], 200)), (0, 0), 0.8)
    grain = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 0.6)
    band = _band(_sky(rng) + rough + 2 * grain / grain.std())
    assert band is not None
    columns = band.strength.shape[1]
    assert band.strength[:, : columns // 2 - 3].mean() < 0.1
    assert band.strength[:, columns // 2 + 3 :].mean() > 0.9


def test_the_faintest_clouds_of_a_clean_photo_move() -> None:
    rng = np.random.default_rng(5)
    faint = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 1.0)
    assert _moving(_band(_sky(rng) + 0.8 * faint / faint.std())) > 0.9
