from __future__ import annotations

import cv2
import numpy as np
import pytest

from windstill.bench import metrics
from windstill.imaging import warp

TEXTURE = cv2.GaussianBlur(
    np.random.default_rng(3).integers(0, 256, (96, 128), np.uint8), (0, 0), 0.8
)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_no_displacement_gives_the_plane_to_the_bit(kind: type) -> None:
    plane = TEXTURE.astype(kind)
    still = warp.identity_map(*plane.shape)
    found = warp.sample(warp.double(plane), still)
    assert found.dtype == kind
    assert (found == plane).all()


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (-3, 2)])
def test_whole_pixels_only_move(shift: tuple[int, int]) -> None:
    dx, dy = shift
    moved = warp.identity_map(*TEXTURE.shape, top=dy, left=dx)
    found = warp.sample(warp.double(TEXTURE), moved)
    expected = np.roll(TEXTURE, (-dy, -dx), (0, 1))
    assert (found[4:-4, 4:-4] == expected[4:-4, 4:-4]).all()


def test_half_a_pixel_is_half_way_on_a_ramp() -> None:
    ramp = np.tile(np.arange(64, dtype=np.float32), (16, 1))
    moved = warp.identity_map(16, 64, left=0.5)
    found = warp.sample(warp.double(ramp), moved)
    assert np.allclose(found[:, 4:-4], ramp[:, 4:-4] + 0.5, atol=1e-3)


@pytest.mark.parametrize("shift", [0.125, 0.25, 0.375, 0.5])
def test_fine_detail_survives_any_shift(shift: float) -> None:
    positions = warp.identity_map(*TEXTURE.shape, left=shift, top=shift)
    core = np.zeros(TEXTURE.shape, bool)
    core[6:-6, 6:-6] = True
    sharp = warp.sample(warp.double(TEXTURE), positions)
    plain = cv2.remap(TEXTURE, positions, None, cv2.INTER_LINEAR)
    kept, lost = metrics.sharpness(np.stack([sharp, plain]), TEXTURE, core)
    assert kept > 0.85
    assert kept > lost + 0.05


def test_a_plane_beyond_the_maps_range_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        warp.double(np.zeros((1, warp.MAX_SIDE + 1), np.uint8))
