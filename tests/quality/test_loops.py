"""What a viewer would notice, measured on real photos, on raw frames and on the decoded file."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from tests import pictures
from windstill import Options
from windstill.bench import metrics
from windstill.bench.clip import Clip, render
from windstill.perceive import perceive

SKIES = [
    "unlabelled/budgie_cc0/roman-colosseum.jpg",
    "eval/sky/dpst/in46.webp",
    "eval/sky/dpst/in31.webp",
]
LONG_HAIR = [
    "unlabelled/interfaces_cc0/049.jpg",
    "eval/hair/figaro/Frame00010.webp",
    "eval/hair/figaro/Frame00333.webp",
]


@lru_cache(maxsize=1)
def clip(name: str, operation: str, exact: bool = False) -> Clip:
    photo = pictures.from_data(name, 640)
    options = Options.parse({"operation": operation, "exact_first_frame": exact, "seconds": 3})
    return render(photo, perceive(photo.rgb), options)


@pytest.mark.parametrize("name", SKIES)
class TestSky:
    def test_it_drifts_and_only_it(self, name: str) -> None:
        loop = clip(name, "1")
        inside = metrics.core(loop.mattes.sky, 6)
        still = metrics.outside(loop.mattes.sky, loop.reach)
        assert metrics.flow(loop.raw, inside) >= 0.005
        assert metrics.flow(loop.raw, metrics.outside(loop.mattes.sky, 12)) < 0.002
        assert metrics.largest_change(loop.raw, loop.still.y, still) == 0

    def test_no_seam(self, name: str) -> None:
        loop = clip(name, "1")
        inside = metrics.core(loop.mattes.sky, 0)
        assert metrics.seam(loop.raw, inside).to_median <= 1.15
        assert metrics.seam(loop.decoded(), inside).to_median <= 1.5

    def test_detail_stays_and_does_not_pulse(self, name: str) -> None:
        loop = clip(name, "1")
        inside = metrics.core(loop.mattes.sky, 6)
        detail = metrics.sharpness(loop.raw, loop.still.y, inside)
        assert detail.min() >= 0.90
        assert metrics.pulse(detail) <= 0.12
        assert metrics.flicker(loop.raw, inside) < 0.3


def test_a_sky_can_start_exactly_at_the_photo() -> None:
    loop = clip(SKIES[0], "1", exact=True)
    assert (loop.raw[0] == loop.still.y).all()


@pytest.mark.parametrize("name", LONG_HAIR)
class TestHair:
    def test_it_starts_at_the_photo_and_sways(self, name: str) -> None:
        loop = clip(name, "10")
        hair = metrics.core(loop.mattes.hair, 2)
        assert (loop.raw[0] == loop.still.y).all()
        moved = np.abs(loop.raw.astype(np.int16) - loop.still.y).max(axis=0) > 2
        assert (moved & hair).sum() > 0.2 * hair.sum()

    def test_only_it_moves_and_never_the_face(self, name: str) -> None:
        loop = clip(name, "10")
        still = metrics.outside(loop.mattes.hair, loop.reach)
        assert metrics.largest_change(loop.raw, loop.still.y, still) == 0
        face = (loop.mattes.face > 0.9) & (loop.mattes.hair == 0)
        if face.any():
            assert metrics.flow(loop.raw, face) < 0.004

    def test_no_seam(self, name: str) -> None:
        loop = clip(name, "10")
        hair = metrics.core(loop.mattes.hair, 0)
        assert metrics.seam(loop.raw, hair).to_largest <= 1.0
        assert metrics.seam(loop.decoded(), hair).to_largest <= 1.5

    def test_detail_stays_and_does_not_pulse(self, name: str) -> None:
        loop = clip(name, "10")
        hair = metrics.core(loop.mattes.hair, 4)
        detail = metrics.sharpness(loop.raw, loop.still.y, hair)
        assert detail.min() >= 0.90
        assert metrics.pulse(detail) <= 0.12
