"""Where the wind blows to."""

from __future__ import annotations

import numpy as np
import pytest

from windstill.elements.base import Scene
from windstill.elements.wind import APPROACH_DEGREES, wind_degrees
from windstill.imaging.planes import Planes
from windstill.options import Options
from windstill.perceive.mattes import Mattes


def scene(luma: np.ndarray, sky: np.ndarray) -> Scene:
    grey = np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)
    none = np.zeros(luma.shape, np.float32)
    return Scene(Planes(luma.astype(np.uint8), grey, grey), Mattes(sky, none, none))


@pytest.mark.parametrize(
    ("wind", "degrees"), [("right", 0), ("left", 180), ("90", 90), ("-90", 270)]
)
def test_the_caller_decides(wind: str, degrees: float) -> None:
    plain = np.full((40, 60), 100)
    assert wind_degrees(scene(plain, np.ones((40, 60), np.float32)), Options(wind=wind)) == degrees


@pytest.mark.parametrize("with_sky", [True, False])
def test_the_wind_blows_away_from_the_sun(with_sky: bool) -> None:
    luma = np.tile(np.linspace(200, 60, 60), (40, 1))
    sky = np.full((40, 60), float(with_sky), np.float32)
    assert wind_degrees(scene(luma, sky), Options()) == APPROACH_DEGREES
    assert wind_degrees(scene(luma[:, ::-1], sky), Options()) == 180 - APPROACH_DEGREES
