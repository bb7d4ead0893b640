"""The sky behind the foreground is plausible sky."""

from __future__ import annotations

import numpy as np

from windstill.elements.sky.plate import complete, confident
from windstill.imaging.fill import push_pull


def test_known_sky_is_kept_and_the_rest_is_like_it() -> None:
    rng = np.random.default_rng(0)
    sky = (120 + rng.normal(0, 6, (80, 120, 3))).astype(np.float32)
    known = np.ones((80, 120), np.float32)
    known[40:, 30:70] = 0
    picture = np.where(known[..., None] > 0, sky, np.float32(10))
    filled = complete(push_pull(picture, known), known, reach=15)
    np.testing.assert_allclose(filled[known > 0], sky[known > 0], atol=1e-3)
    hidden = filled[42:52, 32:68]
    assert abs(hidden.mean() - 120) < 4
    assert 2 < hidden.std() < 9


def test_a_narrow_sky_is_not_eroded_away() -> None:
    matte = np.zeros((60, 60), np.float32)
    matte[:, 28:31] = 1
    assert confident(matte, shrink=4).sum() > 0


def test_what_lies_near_the_border_is_not_trusted() -> None:
    matte = np.zeros((60, 60), np.float32)
    matte[:40] = 1
    known = confident(matte, shrink=3)
    assert known[30].all()
    assert not known[38].any()
