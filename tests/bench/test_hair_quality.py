"""Figures of hair see what they are meant to see."""

from __future__ import annotations

import cv2
import numpy as np

from tests.elements.hair.portraits import lifted, portrait
from windstill.bench import hair_quality
from windstill.render import Stage


def test_a_line_left_at_the_outline_is_a_ghost() -> None:
    rng = np.random.default_rng(3)
    wall = cv2.GaussianBlur(rng.normal(128, 40, (240, 240)).astype(np.float32), (0, 0), 1.5)
    hair = np.zeros((240, 240), np.float32)
    cv2.circle(hair, (120, 120), 60, 1.0, -1)
    travel = np.full_like(hair, 8)
    clean = hair_quality.ghost(wall.astype(np.uint8), hair, travel)
    lined = wall.copy()
    cv2.circle(lined, (120, 120), 61, 60.0, 1)
    left = hair_quality.ghost(lined.astype(np.uint8), hair, travel)
    assert clean is not None
    assert left is not None
    assert 0.7 < clean < 1.3
    assert left > 2
    assert hair_quality.ghost(wall.astype(np.uint8), hair, 0 * travel) is None


def test_bars_behind_hair_go_on_better_than_not_at_all() -> None:
    picture = portrait(length=1.5, front=False)
    broken = hair_quality.broken_edges(picture.scene.planes, picture.hair, 100.0)
    assert broken is not None
    assert 0 < broken < 0.8


def test_figures_of_a_drawn_head_are_those_of_hair_that_moves() -> None:
    picture = portrait(length=1.5, front=False)
    result, options = lifted(picture, seconds=4)
    assert result.layer is not None
    stage = Stage(
        result.behind.planes,
        (result.layer,),
        options.frame_count,
        (result.movement,),
        (),
        result.behind.mattes,
    )
    found = hair_quality.figures(stage, picture.scene.planes, picture.hair)
    assert None not in found.values()
    assert 0.1 < found["vertical"] < 0.8  # type: ignore[operator]
    assert found["calm"] < 0.7 < 1.4 < found["windy"]  # type: ignore[operator]
    assert -1 < found["correlation"] < 0.97  # type: ignore[operator]
    empty = Stage(picture.scene.planes, (), 1, (), (), picture.scene.mattes)
    assert set(hair_quality.figures(empty, picture.scene.planes, picture.hair).values()) == {None}
