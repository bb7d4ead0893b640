"""Between two copies a cloud stays whole: it erodes on one side and grows on the other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.defined import share_of_late
from windstill.elements.sky.dilations import LEVELS, clouds_are_dark, dilations_of

HEIGHT, WIDTH = 160, 240
APART = 40
# Luma pixels from one node to the next.
NODE = 4


SURROUNDINGS = 24


def cloud(bright: float) -> np.ndarray:
    """A round cloud with a bump, at half size, levels: brighter on one side, haze around it."""
    plane = np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)
    haze, shade = 0.12 * bright, 0.8 * bright
    cv2.circle(plane, (60, 40), 29, haze, -1)
    for centre, radius in (((60, 44), 22), ((74, 24), 9)):
        cv2.circle(plane, centre, radius, bright, -1)
    cv2.circle(plane, (60, 54), 9, shade, -1)
    return cv2.GaussianBlur(plane, (0, 0), 1)


def copy_of(plane: np.ndarray, at: np.ndarray) -> np.ndarray:
    return cv2.remap(plane, (at + 0.5) / 2 - 0.5, None, cv2.INTER_LINEAR)


@pytest.mark.parametrize("bright", [90.0, -90.0])
@pytest.mark.parametrize("come", [0.15, 0.3, 0.5, 0.7, 0.85])
def test_a_cloud_is_whole_at_every_moment(bright: float, come: float) -> None:
    plane = cloud(bright)
    dark = clouds_are_dark(plane, np.ones_like(plane), 20)
    assert dark == (bright < 0)
    dilations = dilations_of(plane, 1.15 * APART, SURROUNDINGS, dark=dark)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    places = np.stack([x, y], axis=2)
    early, late = (places + np.float32([side * APART / 2, 0]) for side in (-1, 1))
    nodes = early[::NODE, ::NODE], late[::NODE, ::NODE]
    flat = np.zeros(nodes[0].shape[:2], np.float32)
    at_nodes = share_of_late(dilations, *nodes, flat + np.float32(come), flat)
    share = cv2.remap(np.float32(at_nodes), places / NODE, None, cv2.INTER_LINEAR, borderMode=1)
    first, second = (copy_of(plane, at) for at in (early, late))
    seen = np.sign(bright) * (first + share * (second - first))
    covered = (seen > 45).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(covered)
    assert len([k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] > 12]) == 1
    filled = np.zeros_like(covered)
    cv2.drawContours(filled, cv2.findContours(covered, 0, 1)[0], -1, 1, -1)
    assert int(filled.sum()) - int(covered.sum()) < 0.01 * filled.sum()
    # Nor does it swell much: the half that went is as large as the half that came.
    usual = (np.sign(bright) * copy_of(plane, places) > 45).sum()
    assert 0.8 * usual < covered.sum() < 1.35 * usual
    # Little of it is translucent.
    assert ((seen > 25) & (seen < 62)).sum() < 0.25 * usual


def test_each_dilation_covers_the_one_before() -> None:
    planes = dilations_of(cloud(90), 46, 24, dark=False).planes.astype(int)
    assert planes.shape[2] == LEVELS
    assert (np.diff(planes, axis=2) >= 0).all()
    assert (planes[..., -1] > 127).sum() > 1.5 * (planes[..., 0] > 127).sum()


@pytest.mark.parametrize("reach", [3.0, 20.0, 120.0])
def test_they_reach_as_far_as_is_asked(reach: float) -> None:
    found = dilations_of(cloud(90), reach, 24, dark=False)
    assert found.steps <= LEVELS - 1 + 1e-6
    assert found.steps / found.scale * 2 == pytest.approx(reach, rel=0.01)
