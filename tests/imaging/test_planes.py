from __future__ import annotations

import numpy as np
import pytest

from windstill.imaging.planes import Region, from_rgb, to_rgb


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((255, 255, 255), (235, 128, 128)),
        ((0, 0, 0), (16, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_colours_are_those_of_bt709(rgb: tuple[int, ...], yuv: tuple[int, ...]) -> None:
    planes = from_rgb(np.full((4, 6, 3), rgb, np.uint8))
    found = [int(plane[0, 0]) for plane in (planes.y, planes.u, planes.v)]
    assert np.abs(np.subtract(found, yuv)).max() <= 1


@pytest.mark.parametrize(("height", "width"), [(4, 4), (5, 4), (4, 7), (33, 33)])
def test_odd_sizes_grow_by_doubling_the_edge(height: int, width: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    planes = from_rgb(rgb)
    assert planes.shape == (height + height % 2, width + width % 2)
    assert planes.u.shape == (planes.shape[0] // 2, planes.shape[1] // 2)
    assert (planes.y[height - 1] == planes.y[-1]).all()


def test_there_and_back_keeps_smooth_pictures() -> None:
    ramp = np.linspace(0, 255, 128).astype(np.uint8)
    rgb = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(90)), axis=2)
    back = to_rgb(from_rgb(np.ascontiguousarray(rgb)))
    assert np.abs(back.astype(int) - rgb).max() <= 4


def test_region_is_even_and_holds_the_mask() -> None:
    mask = np.zeros((20, 30), bool)
    mask[7:12, 13:21] = True
    region = Region.around(mask)
    assert region is not None
    assert all(edge % 2 == 0 for edge in (region.top, region.left, region.bottom, region.right))
    assert mask[region.luma].sum() == mask.sum()
    assert Region.around(np.zeros((4, 4), bool)) is None


@pytest.mark.parametrize("corner", [(0, 0), (19, 29)])
def test_region_stays_inside_the_picture(corner: tuple[int, int]) -> None:
    mask = np.zeros((20, 30), bool)
    mask[corner] = True
    region = Region.around(mask, margin=9)
    assert region is not None
    assert region.top >= 0
    assert region.left >= 0
    assert region.bottom <= 20
    assert region.right <= 30
