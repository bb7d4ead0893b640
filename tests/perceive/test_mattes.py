import numpy as np
import pytest

from windstill.errors import InvalidMatte
from windstill.perceive.mattes import Mattes


def ramp(height: int, width: int) -> np.ndarray:
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


def test_resized_keeps_exact_zeros_and_ones() -> None:
    sky = np.zeros((40, 60), np.float32)
    sky[:20] = 1
    mattes = Mattes(sky, np.zeros_like(sky), np.zeros_like(sky))
    for shape in ((20, 30), (13, 17), (80, 120), (80, 30)):
        resized = mattes.resized(shape)
        assert resized.shape == shape
        resized.check(shape)
        assert np.all(resized.sky[0] == 1)
        assert np.all(resized.sky[-1] == 0)


def test_resized_to_its_own_size_is_itself() -> None:
    mattes = Mattes.empty((8, 9))
    assert mattes.resized((8, 9)) is mattes


def test_padded_repeats_the_edge() -> None:
    mattes = Mattes(ramp(5, 7), ramp(5, 7), ramp(5, 7)).padded((6, 8))
    assert mattes.shape == (6, 8)
    assert np.array_equal(mattes.sky[5], mattes.sky[4])
    assert np.array_equal(mattes.hair[:, 7], mattes.hair[:, 6])


@pytest.mark.parametrize(
    ("matte", "what"),
    [
        (np.zeros((4, 4), np.float64), "float32"),
        (np.zeros((4, 5), np.float32), "must be equal"),
        (np.full((4, 4), 1.01, np.float32), "between 0 and 1"),
        (np.full((4, 4), -0.01, np.float32), "between 0 and 1"),
        (np.full((4, 4), np.nan, np.float32), "between 0 and 1"),
    ],
)
def test_check_says_what_is_wrong(matte: np.ndarray, what: str) -> None:
    good = np.zeros((4, 4), np.float32)
    with pytest.raises(InvalidMatte, match=what):
        Mattes(good, matte, good).check((4, 4))
