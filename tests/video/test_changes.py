"""Which macroblocks change, and by how much, by a plain definition of both."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from tests.compiled import libraries
from windstill.imaging.compiled import plane_addresses
from windstill.imaging.planes import Planes
from windstill.video import changes

SIZES = [(2, 2), (16, 16), (34, 98), (96, 160), (40, 1042), (64, 2062)]


def noise(size: tuple[int, int], seed: int) -> Planes:
    height, width = size
    rng = np.random.default_rng(seed)
    half = height // 2, width // 2
    return Planes(*(rng.integers(0, 255, shape, np.uint8) for shape in (size, half, half)))


def touched(before: Planes, count: int) -> Planes:
    """The same picture with `count` samples raised by one, anywhere in any plane."""
    after, rng = before.copy(), np.random.default_rng(count)
    for plane in (after.y, after.u, after.v):
        for row, column in rng.integers(0, plane.shape, (count, 2)):
            plane[row, column] += 1
    return after


def defined(before: Planes, after: Planes) -> np.ndarray:
    height, width = before.shape
    same = np.ones((-(-height // 16), -(-width // 16)), np.uint8)
    for one, other, side in (
        (before.y, after.y, 16),
        (before.u, after.u, 8),
        (before.v, after.v, 8),
    ):
        rows, columns = np.nonzero(one != other)
        same[rows // side, columns // side] = 0
    return same


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_macroblock_is_unchanged_when_no_sample_differs(
    size: tuple[int, int], count: int
) -> None:
    before = noise(size, 1)
    after = touched(before, count)
    expected = defined(before, after)
    for path in libraries(changes, "changes"):
        same = np.full(expected.shape, 9, np.uint8)
        ctypes.CDLL(str(path)).windstill_unchanged(
            plane_addresses(before),
            plane_addresses(after),
            *size,
            ctypes.c_void_p(same.ctypes.data),
        )
        assert (same == expected).all(), path.name
    assert (changes.unchanged(before, after) == expected).all()


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="pictures of"):
        changes.unchanged(noise((32, 32), 1), noise((32, 34), 1))


def test_the_step_is_that_of_what_moves() -> None:
    before = noise((160, 160), 2)
    after = before.copy()
    after.y[:16, :16] = before.y[:16, :16] ^ 2
    after.y[:16, 16:32] = before.y[:16, 16:32] ^ 1
    assert changes.step(before, after) == changes.Step(mean=1.5, beyond_one=0.5)
    assert changes.step(before, before) == changes.NO_STEP
