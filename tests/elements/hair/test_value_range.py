from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.elements.hair.portraits import Portrait, frames, lifted, luma, portrait
from windstill.bench.halo import overshoot
from windstill.elements.hair.value_range import value_range_of
from windstill.imaging.planes import Planes


def _misjudged(picture: Portrait, pixels: int) -> Portrait:
    """The same picture with its matte of hair some pixels beside the hair."""
    hair = np.roll(picture.hair, pixels, axis=1)
    mattes = replace(picture.scene.mattes, hair=np.minimum(hair, 1 - picture.scene.mattes.face))
    return replace(picture, scene=replace(picture.scene, mattes=mattes))


def test_where_the_matte_is_off_no_speck_stands_out() -> None:
    picture = _misjudged(portrait(length=1.5), 3)
    result, options = lifted(picture)
    assert result.layer is not None
    painted = luma(frames(result, options.frame_count))
    still = picture.scene.planes.y
    assert np.array_equal(painted[0], still)
    far = result.layer.reach
    worst = overshoot(painted, still, picture.hair, travel=far, revealing=True, share=100)
    assert worst <= 1


def test_what_moves_behind_hair_may_be_as_light_as_it_is() -> None:
    rng = np.random.default_rng(2)
    still = rng.integers(90, 110, (64, 80)).astype(np.uint8)
    hair = np.zeros((64, 80), np.float32)
    hair[:, :40] = 1
    free = np.zeros((64, 80), bool)
    free[:20, 50:] = True
    grey = np.full((32, 40), 128, np.uint8)
    found = value_range_of(Planes(still, grey, grey), hair, hair, np.full_like(hair, 5), free)
    luma = np.full_like(still, 250)
    luma[40:] = 3
    luma = np.clip(luma, found.least.y, found.most.y)
    assert (luma[:20, 50:] == 250).all()
    assert luma[20:].min() >= 90
    assert luma[20:].max() < 110
    assert np.array_equal(np.clip(still, found.least.y, found.most.y), still)


def test_hair_over_skin_is_no_more_colourful_than_either() -> None:
    luma = np.full((64, 80), 120, np.uint8)
    hair = np.zeros((64, 80), np.float32)
    hair[:, :40] = 1
    v = np.full((32, 40), 150, np.uint8)
    v[:, :20] = 135
    grey = np.full_like(v, 128)
    still = np.zeros((64, 80), bool)
    found = value_range_of(Planes(luma, grey, v), hair, hair, np.full_like(hair, 8), still)
    assert found.most.v.max() == 150
    assert found.least.v.min() == 135
