from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tests import pictures
from windstill.perceive import perceive
from windstill.perceive.noise import NOISY, calmed, noise_of


def noisy(rgb: NDArray[np.uint8], levels: float) -> NDArray[np.uint8]:
    """With the same white noise in all three colours, and so that much in luma."""
    noise = np.random.default_rng(3).normal(0, levels, rgb.shape[:2])[..., None]
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("levels", [4.0, 10.0, 20.0])
@pytest.mark.parametrize("photo", [pictures.china, pictures.astronaut, pictures.indoors])
def test_noise_is_measured_and_texture_is_not(
    photo: Callable[[], NDArray[np.uint8]], levels: float
) -> None:
    assert noise_of(photo()) < 0.7 * NOISY
    assert noise_of(noisy(photo(), levels)) == pytest.approx(levels, rel=0.2)


def test_a_large_photo_has_the_noise_of_a_small_one() -> None:
    flat = np.full((2400, 1800, 3), 120, np.uint8)
    assert noise_of(noisy(flat, 8)) == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (17, 400), (400, 17), (18, 18)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_there_is_no_noise_where_nothing_can_be_measured(
    shape: tuple[int, int], level: int
) -> None:
    assert noise_of(np.full((*shape, 3), level, np.uint8)) == 0


def test_a_photo_without_noise_is_left_alone() -> None:
    photo = pictures.astronaut()
    assert calmed(photo) is photo


def test_noise_goes_and_edges_stay() -> None:
    steps = np.repeat(np.uint8([40, 200] * 4), 40)
    clean = np.repeat(np.tile(steps, (320, 1))[..., None], 3, axis=2)
    left = calmed(noisy(clean, 12)).astype(int) - clean
    assert left.std() < 6
    # A blurred edge would be wrong by 40 levels in the pixels beside it.
    assert np.abs(left.mean(axis=(0, 2))).max() < 8


def around_the_roofs() -> NDArray[np.uint8]:
    """Without the hazy lake, which belongs to nobody."""
    return np.ascontiguousarray(pictures.china()[:230])


@pytest.mark.parametrize(
    ("photo", "element"), [(around_the_roofs, "sky"), (pictures.astronaut, "hair")]
)
def test_mattes_of_a_noisy_photo_are_those_of_the_clean_one(
    photo: Callable[[], NDArray[np.uint8]], element: str
) -> None:
    clean = getattr(perceive(photo(), threads=1), element) > 0.5
    found = getattr(perceive(noisy(photo(), 15), threads=1), element) > 0.5
    assert (clean & found).sum() / (clean | found).sum() > 0.93
