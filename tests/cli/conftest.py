"""A real photo, small, and ways to run the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage.data import coffee
from sklearn.datasets import load_sample_image

QUICK = ["--seconds", "2", "--fps", "8"]


@pytest.fixture(scope="session")
def china() -> Image.Image:
    """scikit-learn's picture of a temple below a bright sky, 240 pixels wide."""
    return Image.fromarray(load_sample_image("china.jpg")).resize((240, 160))


@pytest.fixture
def photo(china: Image.Image, tmp_path: Path) -> Path:
    china.save(tmp_path / "china.jpg", quality=92)
    return tmp_path / "china.jpg"


@pytest.fixture
def nothing_there(tmp_path: Path) -> Path:
    """A photo without sky or hair."""
    path = tmp_path / "coffee.png"
    Image.fromarray(coffee()).resize((240, 160)).save(path)
    return path


@pytest.fixture
def windstill(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs the real command in a folder of its own."""

    def run(*args: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "windstill.cli", *map(str, args)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            timeout=120,
            check=False,
        )

    return run
