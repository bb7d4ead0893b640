from __future__ import annotations

import numpy as np
import pytest

from windstill.imaging.orientation import gradient_products, orientation


def stripes(degrees: float) -> np.ndarray:
    """Lines whose normal points `degrees` clockwise from the right (rows grow downward)."""
    y, x = np.mgrid[:80, :80]
    angle = np.radians(degrees)
    phase = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 9
    return np.rint(128 + 80 * np.sin(phase)).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 25, 60, 90, 135])
def test_the_normal_of_stripes_is_found(degrees: float) -> None:
    products = gradient_products(stripes(degrees), np.ones((80, 80), np.float32))
    found = orientation(products, 3.0)
    centre = np.s_[20:60, 20:60]
    doubled = np.radians(2 * degrees)
    assert np.allclose(found.cos2[centre], np.cos(doubled), atol=0.1)
    assert np.allclose(found.sin2[centre], np.sin(doubled), atol=0.1)
    assert found.coherence[centre].min() > 0.9
    normal = np.array([np.cos(doubled / 2), np.sin(doubled / 2)])
    assert np.abs(found.tangent()[centre] @ normal).max() < 0.1


def test_noise_has_no_direction() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (120, 120)).astype(np.uint8)
    found = orientation(gradient_products(noise, np.ones((120, 120), np.float32)), 6.0)
    assert found.coherence.mean() < 0.3


def test_a_blank_picture_is_no_error() -> None:
    blank = np.full((20, 30), 90, np.uint8)
    found = orientation(gradient_products(blank, np.ones((20, 30), np.float32)), 2.0)
    assert found.coherence.max() == 0
    assert np.isfinite(found.tangent()).all()
