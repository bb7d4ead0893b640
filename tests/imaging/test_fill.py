from __future__ import annotations

import numpy as np

from windstill.imaging.fill import push_pull, push_pull_layered


def test_what_is_known_stays_and_a_constant_is_continued() -> None:
    weight = np.zeros((90, 130), np.float32)
    weight[:40] = 1
    values = np.where(weight > 0, 57.0, 200.0).astype(np.float32)
    filled = push_pull(values, weight)
    assert np.allclose(filled, 57, atol=0.01)


def test_a_gap_between_two_sides_runs_from_one_to_the_other() -> None:
    weight = np.ones((64, 64), np.float32)
    weight[:, 24:40] = 0
    values = np.where(np.arange(64) < 32, 10.0, 90.0).astype(np.float32) * np.ones((64, 1))
    filled = push_pull(values.astype(np.float32), weight)
    assert (filled[:, :24] == 10).all()
    assert (filled[:, 40:] == 90).all()
    row = filled[32, 24:40]
    assert ((row > 9) & (row < 91)).all()
    assert row[0] < 40 < 60 < row[-1]


def test_colour_planes_are_filled_alike() -> None:
    weight = np.zeros((16, 16), np.float32)
    weight[4, 4] = 1
    values = np.zeros((16, 16, 3), np.float32)
    values[4, 4] = 1, 2, 3
    assert np.allclose(push_pull(values, weight)[12, 12], (1, 2, 3), atol=0.01)


def test_nothing_known_gives_zero_not_noise() -> None:
    assert (push_pull(np.full((20, 20), 9, np.float32), np.zeros((20, 20), np.float32)) == 0).all()


def test_layers_go_on_level_behind_what_stands_before_them() -> None:
    rows = np.linspace(0, 255, 60, dtype=np.float32)
    bands = np.repeat(np.repeat(rows[:, None, None], 160, axis=1), 3, axis=2)
    weight = np.ones((60, 160), np.float32)
    weight[12:, 60:100] = 0
    filled = push_pull_layered(bands * weight[..., None], weight, 6)
    hidden = weight == 0
    np.testing.assert_allclose(filled[~hidden], bands[~hidden], atol=1e-2)
    assert np.abs(filled - bands)[hidden].mean() < 3
    plain = push_pull(bands * weight[..., None], weight)
    assert np.abs(plain - bands)[hidden].mean() > 10


def test_layers_of_which_nothing_is_known_give_zero() -> None:
    nothing = np.zeros((9, 40), np.float32)
    assert not push_pull_layered(np.ones((9, 40, 3), np.float32), nothing, 6).any()
