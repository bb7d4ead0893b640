"""The sky behind the foreground is plausible sky."""

from __future__ import annotations

import numpy as np

from windstill.elements.sky.plate import confident, explained, possible


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


def test_a_cloud_that_the_matte_leaves_out_is_not_replaced_by_clear_sky() -> None:
    seen = np.full((40, 60, 3), 200, np.float32)  # all cloud
    matte = np.full((40, 60), 256, np.int16)
    matte[:, 30:] = 128  # in doubt, with nothing that surely stands in front
    guess = np.where(matte[..., None] < 256, np.float32(120), seen)
    known = (matte == 256).astype(np.float32)
    np.testing.assert_allclose(explained(guess, matte, *possible(seen, matte, known)), 200)


def test_a_hill_that_the_matte_takes_for_sky_is_not_made_part_of_it() -> None:
    seen = np.full((40, 60, 3), 200, np.float32)
    seen[20:] = 60  # a hill, in the matte to its foot
    matte = np.full((40, 60), 256, np.int16)
    known = np.zeros((40, 60), np.float32)
    known[:20] = 1
    guess = np.full_like(seen, 200)
    held = explained(guess, matte, *possible(seen, matte, known))
    assert abs(held[20:22] - 200).max() <= 8


def test_the_sky_behind_a_twig_is_not_taken_for_the_twig() -> None:
    sky, twig = 200.0, 40.0
    cover = np.zeros((40, 60), np.float32)
    cover[:, 28:33] = (0.25, 0.5, 1, 0.5, 0.25)
    seen = np.repeat(((1 - cover) * sky + cover * twig)[..., None], 3, axis=2).astype(np.float32)
    matte = np.rint(256 * (1 - cover)).astype(np.int16)
    guess = np.full_like(seen, sky)
    known = (cover == 0).astype(np.float32)
    np.testing.assert_allclose(explained(guess, matte, *possible(seen, matte, known)), sky, atol=1)
