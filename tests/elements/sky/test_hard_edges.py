"""What has hard edges in an all but clear sky is told from the faint clouds there."""

from __future__ import annotations

import cv2
import numpy as np

from tests.elements.sky.conftest import clouds
from tests.elements.sky.test_still_objects import half_of
from windstill.elements.sky.hard_edges import hard_edged

EVERYWHERE = np.ones((180, 320), bool)


def soft_clouds(seed: int = 1) -> np.ndarray:
    """A veil over a blue sky."""
    veil = cv2.GaussianBlur(clouds(360, 640, seed), (0, 0), 12)
    plain = np.full_like(veil, (110, 150, 205))
    return cv2.addWeighted(veil, 0.25, plain, 0.75, 0)


def luma_of(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(half_of(picture)[..., 0])


def with_a_mast(picture: np.ndarray) -> np.ndarray:
    """A pale pole with lattice under it, that stands on nothing."""
    drawn = picture.copy()
    cv2.line(drawn, (300, 60), (300, 150), (225, 220, 215), 5, cv2.LINE_AA)
    for y in range(150, 270, 12):
        cv2.line(drawn, (292, y), (308, y + 12), (85, 80, 80), 2, cv2.LINE_AA)
        cv2.line(drawn, (308, y), (292, y + 12), (85, 80, 80), 2, cv2.LINE_AA)
    return drawn


def test_a_mast_in_a_soft_sky_is_found_whole() -> None:
    plain = soft_clouds()
    drawn = with_a_mast(plain)
    mast = np.abs(luma_of(drawn).astype(int) - luma_of(plain)) > 20
    found = hard_edged(luma_of(drawn), EVERYWHERE)
    assert found[mast].mean() > 0.95
    assert found.mean() < 0.06


def test_soft_clouds_are_no_objects() -> None:
    for seed in range(4):
        assert not hard_edged(luma_of(soft_clouds(seed)), EVERYWHERE).any()


def test_a_small_cloud_in_a_clear_sky_is_found_whole() -> None:
    picture = soft_clouds()
    drawn = cv2.ellipse(picture.copy(), (320, 120), (40, 22), 0, 0, 360, (250, 250, 250), -1)
    drawn = cv2.GaussianBlur(drawn, (0, 0), 1.5)
    cloud = np.abs(luma_of(drawn).astype(int) - luma_of(picture)) > 20
    assert hard_edged(luma_of(drawn), EVERYWHERE)[cloud].all()
