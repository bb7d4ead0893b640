from __future__ import annotations

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
