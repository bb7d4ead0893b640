from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.hair.portraits import portrait
from windstill.elements.hair.scalp import find_heads


@pytest.mark.parametrize("front", [True, False], ids=["front", "behind"])
@pytest.mark.parametrize("length", [0.6, 1.5])
@pytest.mark.parametrize("heads", [1, 2])
def test_every_head_is_found_where_it_is(front: bool, length: float, heads: int) -> None:
    picture = portrait(length=length, front=front, heads=heads)
    found = sorted(find_heads(picture.hair, picture.face), key=lambda head: head.x)
    assert len(found) == heads
    for number, head in enumerate(found):
        assert head.x == pytest.approx(130 + 260 * number, abs=8)
        assert head.y == pytest.approx(84, abs=20)
        assert 75 < head.size < 140


def test_the_crown_is_scalp_and_the_tips_are_not() -> None:
    for front in (True, False):
        picture = portrait(length=1.5, front=front)
        (head,) = find_heads(picture.hair, picture.face)
        assert head.covers(np.array([[130.0, 60.0]], np.float32)).all()
        assert not head.covers(np.array([[90.0, 200.0], [170.0, 220.0]], np.float32)).any()


def test_the_nape_below_a_bob_is_no_face() -> None:
    picture = portrait(length=0.6, front=False)
    nape = np.zeros_like(picture.face)
    nape[128:150, 112:148] = 1
    hair = picture.hair.copy()
    hair[nape > 0] = 0
    (head,) = find_heads(hair, nape)
    assert head.y < 100


def test_where_there_is_no_hair_there_is_no_head() -> None:
    empty = np.zeros((90, 120), np.float32)
    face = empty.copy()
    face[30:60, 50:75] = 1
    assert find_heads(empty, empty) == []
    assert find_heads(empty, face) == []


@pytest.mark.parametrize("length", [0.6, 1.5])
@pytest.mark.parametrize("seed", range(12))
def test_holes_in_a_face_leave_its_head_as_large_as_it_is(length: float, seed: int) -> None:
    picture = portrait(length=length)
    (whole,) = find_heads(picture.hair, picture.face)
    rng = np.random.default_rng(seed)
    face = picture.face.copy()
    rows, columns = np.nonzero(face > 0.5)
    for _ in range(1 + seed % 3):
        place = rng.integers(len(rows))
        axes = int(rng.integers(5, 11)), int(rng.integers(4, 8))
        cv2.ellipse(face, (int(columns[place]), int(rows[place])), axes, 0, 0, 360, 0.0, -1)
    if seed % 3 == 0:
        band = int(rng.integers(70, 110))
        face[band : band + 5] = 0
    (head,) = find_heads(picture.hair, face)
    assert head.size == pytest.approx(whole.size, rel=0.15)
    assert head.y == pytest.approx(whole.y, abs=12)


def test_specks_of_hair_and_bare_shoulders_are_no_heads() -> None:
    picture = portrait(length=1.5)
    (whole,) = find_heads(picture.hair, picture.face)
    hair, face = picture.hair.copy(), picture.face.copy()
    hair[290:300, 60:72] = 1
    hair[20:28, 235:246] = 1
    cv2.circle(face, (130, 190), 16, 1.0, -1)
    hair[face > 0] = 0
    assert find_heads(hair, face) == [whole]


def test_a_small_face_in_the_background_does_not_take_the_hair_before_it() -> None:
    picture = portrait(length=1.2, front=False, zoom=2)
    (whole,) = find_heads(picture.hair, picture.face)
    hair, face = picture.hair.copy(), picture.face.copy()
    cv2.circle(hair, (165, 180), 26, 1.0, -1)
    cv2.ellipse(face, (165, 184), (11, 15), 0, 0, 360, 1.0, -1)
    hair[face > 0] = 0
    largest = max(find_heads(hair, face), key=lambda head: head.size)
    assert largest.size == pytest.approx(whole.size, rel=0.15)
    assert largest.x == pytest.approx(whole.x, abs=16)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_heads_that_lie_are_found_by_the_turns_that_set_them_upright(turns: int) -> None:
    picture = portrait(length=1.5)
    (upright,) = find_heads(picture.hair, picture.face)
    hair, face = (np.rot90(matte, -turns) for matte in (picture.hair, picture.face))
    (head,) = find_heads(hair, face, turns)
    assert head.size == pytest.approx(upright.size)
    grid = np.stack(np.meshgrid(*(np.arange(size) for size in hair.shape[::-1])), axis=2)
    lying = head.covers(grid.astype(np.float32))
    grid = np.stack(np.meshgrid(*(np.arange(size) for size in picture.hair.shape[::-1])), axis=2)
    assert (np.rot90(lying, turns) != upright.covers(grid.astype(np.float32))).mean() < 0.01
