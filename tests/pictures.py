"""Real photos for tests: from packages, or from the data folder beside the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from windstill.photo import Photo, read_photo

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def china() -> NDArray[np.uint8]:
    """A temple under a pale sky, uint8 RGB (427, 640, 3), from scikit-learn."""
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("china.jpg"))


def astronaut() -> NDArray[np.uint8]:
    """A portrait with short hair, uint8 RGB (512, 512, 3), from scikit-image."""
    from skimage.data import astronaut

    return astronaut()


def indoors() -> NDArray[np.uint8]:
    """A cup of coffee, uint8 RGB: neither sky nor hair, from scikit-image."""
    from skimage.data import coffee

    return coffee()


def from_data(name: str, side: int) -> Photo:
    """A picture of the data folder, its longer side `side` pixels; skips where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no picture {name} beside the repository")
    return read_photo(path).fit(side)
