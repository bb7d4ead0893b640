"""Skies of hard edges are told from soft ones, whatever the wind."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.test_drift import HEIGHT, WIDTH, drift, landscape
from windstill.elements.sky.lattice import Lattice
from windstill.elements.sky.softness import softness_of


def clouds(sigma: float, contrast: float) -> np.ndarray:
    """Noise of a feature size in pixels of the half size, and of a standard deviation."""
    noise = np.random.default_rng(3).standard_normal((HEIGHT // 2, WIDTH // 2)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    return contrast * smooth / smooth.std()


def softness(luma: np.ndarray, *, degrees: float = 0, step: float = 16) -> float:
    known = cv2.resize(landscape(), luma.shape[::-1])
    motion = drift(landscape(), degrees, step=step)
    return softness_of(luma, known, motion, step / WIDTH, Lattice(HEIGHT, WIDTH))


def test_faint_clouds_are_soft_and_strong_ones_are_not() -> None:
    assert softness(clouds(6, 3)) == 1
    assert softness(clouds(6, 40)) == 0


def test_no_clouds_are_soft() -> None:
    assert softness(np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)) == 1


@pytest.mark.parametrize(("degrees", "step"), [(0, 16), (60, 16), (90, 16), (0, 8), (0, 28)])
def test_any_wind_finds_the_same(degrees: float, step: float) -> None:
    assert softness(clouds(6, 13), degrees=degrees, step=step) > 0.9
    assert softness(clouds(6, 26), degrees=degrees, step=step) == 0
