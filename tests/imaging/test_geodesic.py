from __future__ import annotations

import numpy as np
import pytest

from windstill.imaging.geodesic import FAR, geodesic


def test_an_even_plane_has_straight_distances_within_three_percent() -> None:
    sources = np.zeros((41, 61), bool)
    sources[20, 30] = True
    distance = geodesic(np.ones((41, 61), np.float32), sources)
    y, x = np.mgrid[:41, :61]
    true = np.hypot(y - 20, x - 30)
    assert np.all(distance >= true - 1e-3)
    assert np.all(distance <= 1.03 * true + 1e-3)


def test_a_path_goes_around_what_is_dear() -> None:
    cost = np.ones((31, 31), np.float32)
    cost[:28, 15] = 1000
    sources = np.zeros((31, 31), bool)
    sources[2, 5] = True
    distance = geodesic(cost, sources)
    around = np.hypot(26, 10) + np.hypot(26, 10)
    assert distance[2, 25] == pytest.approx(around, rel=0.05)


def test_a_spiral_is_followed_to_its_end() -> None:
    cost = np.full((25, 25), 1e4, np.float32)
    path = [(2, x) for x in range(2, 22)] + [(y, 21) for y in range(3, 22)]
    path += [(21, x) for x in range(20, 5, -1)] + [(y, 6) for y in range(20, 8, -1)]
    for y, x in path:
        cost[y, x] = 1
    sources = np.zeros_like(cost, bool)
    sources[path[0]] = True
    assert geodesic(cost, sources)[path[-1]] == pytest.approx(len(path) - 1, rel=0.05)


def test_without_a_source_everything_is_far() -> None:
    distance = geodesic(np.ones((5, 7), np.float32), np.zeros((5, 7), bool))
    assert np.all(distance == FAR)
