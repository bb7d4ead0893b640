from __future__ import annotations

import cv2
import numpy as np

from tests.elements.hair.portraits import lifted, portrait
from windstill.elements.hair.fringe import without_doubt
from windstill.elements.hair.plate import completed_sky, plate_behind

HEAD = 100.0
"""Pixels, of the heads that `portrait` draws."""


def everywhere(like: np.ndarray, pixels: float) -> np.ndarray:
    return np.full(like.shape, pixels, np.float32)


def test_what_is_revealed_looks_like_the_background() -> None:
    picture = portrait(length=1.5, front=False)
    still = picture.scene.planes
    plate = plate_behind(still, picture.hair, everywhere(picture.hair, 6), HEAD)
    changed = plate.y != still.y
    true = picture.bare.y.astype(np.float32)
    assert (changed & (picture.hair > 0.9)).sum() > 500
    error = np.abs(plate.y - true)[changed]
    assert error.mean() < 0.25 * np.abs(still.y - true)[changed & (picture.hair > 0.9)].mean()
    shades = plate.y[changed].std() / true[changed].std()
    assert 0.6 < shades < 1.4


def test_pixels_away_from_hair_are_the_photos_own() -> None:
    picture = portrait(length=1.5)
    plate = plate_behind(picture.scene.planes, picture.hair, everywhere(picture.hair, 6), HEAD)
    free = cv2.dilate(picture.hair, np.ones((21, 21), np.uint8)) == 0
    assert np.array_equal(plate.y[free], picture.scene.planes.y[free])
    chroma_free = free[::2, ::2] & free[1::2, ::2] & free[::2, 1::2] & free[1::2, 1::2]
    for name in "uv":
        was, now = getattr(picture.scene.planes, name), getattr(plate, name)
        assert np.array_equal(was[chroma_free], now[chroma_free])


def test_what_the_matte_missed_beside_hair_is_not_left_behind() -> None:
    picture = portrait(length=1.5, front=False)
    tight = cv2.erode(picture.hair, np.ones((5, 5), np.uint8))
    plate = plate_behind(picture.scene.planes, tight, everywhere(tight, 6), HEAD)
    missed = (picture.hair > 0.6) & (tight == 0)
    true = picture.bare.y.astype(np.float32)
    left = np.abs(plate.y - true)[missed].mean()
    assert left < 0.3 * np.abs(picture.scene.planes.y - true)[missed].mean()


def test_a_bar_goes_on_behind_hair_and_stays_beside_it() -> None:
    picture = portrait(length=1.5, front=False)
    still = picture.scene.planes.copy()
    bar = np.zeros_like(picture.hair)
    bar[180:192] = 1
    still.y[:] = np.where(bar * (1 - picture.hair) > 0.5, 30, still.y)
    plate = plate_behind(still, picture.hair, everywhere(picture.hair, 6), HEAD)
    beside = (bar > 0) & (cv2.dilate(picture.hair, np.ones((19, 19), np.uint8)) == 0)
    assert np.array_equal(plate.y[beside], still.y[beside])
    behind = (bar > 0) & (picture.hair > 0) & (picture.hair < 1)
    behind[:182], behind[190:] = False, False
    assert np.median(plate.y[behind]) < 70


def test_a_frame_full_of_hair_has_no_background_to_take() -> None:
    picture = portrait(length=1.5)
    full = np.ones_like(picture.hair)
    plate = plate_behind(picture.scene.planes, full, everywhere(full, 6), HEAD)
    assert np.array_equal(plate.y, picture.scene.planes.y)


def test_the_sky_goes_on_behind_the_hairs_edge() -> None:
    picture = portrait(length=1.5, front=False, sky=True)
    sky = completed_sky(picture.scene.mattes.sky, picture.hair, everywhere(picture.hair, 6))
    fringe = (picture.hair > 0) & (picture.hair < 1)
    assert sky[fringe].min() > 0.95
    assert np.array_equal(sky[picture.hair == 0], picture.scene.mattes.sky[picture.hair == 0])


def test_lifting_hair_off_a_sky_leaves_sky_and_no_hair() -> None:
    picture = portrait(length=1.5, front=False, sky=True)
    behind = lifted(picture)[0].behind
    assert behind.mattes.hair.max() < 0.01
    assert behind.mattes.sky.mean() > picture.scene.mattes.sky.mean()


def test_a_faint_matte_far_from_hair_is_doubt_and_loose_strands_are_not() -> None:
    hair = np.zeros((120, 120), np.float32)
    hair[:60] = 1
    hair[60:63] = 0.4
    hair[63:110, :60] = 0.3
    kept = without_doubt(hair, 100)
    assert np.array_equal(kept[:62], hair[:62])
    assert kept[75:].max() == 0


def test_islands_in_the_colour_of_hair_stand_still_and_separate_locks_do_not() -> None:
    hair = np.zeros((300, 300), np.float32)
    hair[20:200, 100:200] = 1
    leaves, lock = np.zeros_like(hair, bool), np.zeros_like(hair, bool)
    leaves[120:126, 220:228] = leaves[60:67, 60:66] = True
    lock[150:250, 240:244] = True
    hair[leaves | lock] = 1
    kept = without_doubt(hair, 100)
    assert (kept[leaves] == 0).all()
    assert np.array_equal(kept[~leaves], hair[~leaves])


def test_a_faint_matte_does_not_hide_what_is_behind() -> None:
    picture = portrait(length=1.5, front=False)
    doubtful = np.maximum(picture.hair, np.float32(0.02))
    still = picture.scene.planes
    plate = plate_behind(still, doubtful, everywhere(picture.hair, 6), HEAD)
    free = cv2.dilate(picture.hair, np.ones((21, 21), np.uint8)) == 0
    assert np.array_equal(plate.y[free], still.y[free])
