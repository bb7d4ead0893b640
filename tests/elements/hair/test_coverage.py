from __future__ import annotations

import numpy as np

from windstill.elements.hair.coverage import spans


def test_spans_hold_every_pixel_that_can_change_and_no_pixel_twice() -> None:
    hair = np.zeros((300, 420), np.float32)
    hair[40:260, 150:290] = 1
    hair[40:260, 146:150] = 0.5
    found = spans(hair, hair > 0, np.full(hair.shape, 8, np.float32))
    painted = np.zeros(hair.shape, int)
    for span in found:
        painted[span.luma] += 1
        assert span.rows.start % 2 == span.columns.start % 2 == 0
    assert painted.max() == 1
    reach = 8 + 4
    assert painted[40 - reach + 2 : 260, 146 - reach + 2 : 290 + reach - 2].all()
    assert painted.mean() < 0.8


def test_only_opaque_spans_may_ignore_what_is_behind() -> None:
    hair = np.zeros((400, 600), np.float32)
    hair[:, 100:500] = 1
    for span in spans(hair, hair > 0, np.full(hair.shape, 8, np.float32)):
        columns = hair[:, max(0, span.columns.start - 18) : span.columns.stop + 18]
        assert not span.opaque or columns.min() == 1


def test_opaque_hair_that_stands_still_is_not_painted() -> None:
    hair = np.ones((256, 256), np.float32)
    travel = np.zeros_like(hair)
    assert spans(hair, np.zeros(hair.shape, bool), travel) == []
    travel[128:] = 3
    assert {span.rows.start for span in spans(hair, np.zeros(hair.shape, bool), travel)} == {
        128,
        192,
    }
