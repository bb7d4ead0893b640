"""What a viewer sees of a moving sky, and what they must not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.elements.sky.conftest import (
    Loop,
    breeze_for,
    china,
    clouds,
    cloudy_china,
    render,
    scene_of,
)
from windstill.bench import metrics
from windstill.elements.sky import Sky
from windstill.imaging.planes import Planes


def test_nothing_outside_the_matte_ever_changes(loop: Loop) -> None:
    still = loop.scene.planes.y
    assert metrics.largest_change(loop.luma, still, loop.matte == 0) == 0


def test_the_first_frame_is_the_photo(loop: Loop) -> None:
    for now, still in zip(
        (loop.first.y, loop.first.u, loop.first.v),
        (loop.scene.planes.y, loop.scene.planes.u, loop.scene.planes.v),
        strict=True,
    ):
        np.testing.assert_array_equal(now, still)


def test_the_seam_is_a_step_like_any_other(loop: Loop) -> None:
    assert metrics.seam(loop.luma, loop.matte > 0.5).to_median <= 1.15


def test_the_sky_moves_and_the_rest_does_not(loop: Loop) -> None:
    inside = metrics.core(loop.matte, 4)
    assert metrics.flow(loop.luma, inside, stride=2) >= 0.008
    outside = metrics.outside(loop.matte, 24)
    if outside.any():
        assert metrics.flow(loop.luma, outside, stride=2) < 0.002


def test_detail_stays(loop: Loop) -> None:
    inside = metrics.core(loop.matte, 4)
    series = metrics.sharpness(loop.luma, loop.scene.planes.y, inside)
    assert series.min() >= 0.90
    assert metrics.pulse(series) <= 0.12


def test_detail_of_a_large_sky_stays_though_it_lies_in_some_of_its_rows() -> None:
    sky = clouds(800, 1000, 3)
    plain = np.linspace((150, 185, 225), (170, 200, 230), 380)[:, None]
    grain = np.random.default_rng(3).normal(0, 0.7, (380, 1000, 1))
    sky[420:] = np.clip(plain + grain, 0, 255)
    loop = render(sky, np.ones(sky.shape[:2], np.float32), seconds=4, fps=8)
    inside = metrics.core(loop.matte, 4)
    series = metrics.sharpness(loop.luma, loop.scene.planes.y, inside)
    assert series.min() >= 0.89
    assert metrics.pulse(series) <= 0.12


def test_the_sky_does_not_flicker(loop: Loop) -> None:
    assert metrics.flicker(loop.luma, loop.matte > 0.5) < 0.3


def test_frames_do_not_depend_on_the_order_of_painting() -> None:
    loop = render(*cloudy_china())
    canvas = loop.scene.planes.copy()
    assert loop.lifted.layer is not None
    for frame in (17, 3, 17, 0):
        canvas.copy_from(loop.scene.planes)
        loop.lifted.layer.paint(frame, canvas)
        np.testing.assert_array_equal(canvas.y, loop.luma[frame])


def test_the_change_is_added_to_whatever_the_canvas_holds() -> None:
    loop = render(*cloudy_china())
    still = loop.scene.planes
    darker = Planes(cv2.subtract(still.y, np.full_like(still.y, 9)), still.u.copy(), still.v.copy())
    canvas = darker.copy()
    assert loop.lifted.layer is not None
    loop.lifted.layer.paint(7, canvas)
    free = (canvas.y > 0) & (loop.luma[7] < 235)
    np.testing.assert_array_equal(canvas.y[free].astype(int) + 9, loop.luma[7][free])


def test_the_same_seed_gives_the_same_loop_and_another_one_another() -> None:
    picture = cloudy_china()
    first, second, other = (render(*picture, seed=seed).luma for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("seconds", [2, 3, 5, 12])
@pytest.mark.parametrize("strength", ["calm", "normal", "windy"])
def test_speed_follows_the_strength_and_not_the_length(strength: str, seconds: int) -> None:
    scene = scene_of(*cloudy_china())
    moved = Sky().lift(scene, breeze_for(scene, seconds=seconds, strength=strength)).movement
    per_second = moved.travel / seconds / max(scene.planes.shape)
    expected = {"calm": 0.005, "normal": 0.0125, "windy": 0.017}[strength]
    # Hard-edged clouds are slower; the fastest of a sky are faster than most.
    assert expected * 0.35 < per_second < expected * 2


@pytest.mark.parametrize(
    ("height", "width", "sky"),
    [
        (240, 320, (slice(None), slice(None))),
        (240, 320, (slice(0, 235), slice(None))),
        (240, 320, (slice(3, 21), slice(100, 117))),
        (240, 320, (slice(0, 90), slice(150, 156))),
        (480, 200, (slice(0, 300), slice(None))),
        (120, 960, (slice(0, 60), slice(None))),
        (240, 320, (slice(140, 240), slice(None))),
        (240, 320, (slice(None), slice(0, 130))),
        (64, 64, (slice(0, 30), slice(None))),
        (66, 98, (slice(0, 1), slice(None))),
    ],
    ids=[
        "all", "nearly all", "a window", "a gap between buildings", "portrait", "panorama",
        "upside down", "on its side", "smallest", "one row",
    ],
)  # fmt: skip
def test_strange_skies_stay_in_their_place(
    height: int, width: int, sky: tuple[slice, slice]
) -> None:
    rgb = clouds(height, width, seed=3)
    rgb[::7] //= 2
    matte = np.zeros((height, width), np.float32)
    matte[sky] = 1
    rgb[sky] = clouds(height, width, seed=4)[sky]
    scene = scene_of(rgb, matte)
    breeze = breeze_for(scene)
    lifted = Sky().lift(scene, breeze)
    if lifted.layer is None:
        assert lifted.notices
        return
    for frame in (0, 5, 23):
        canvas = scene.planes.copy()
        lifted.layer.paint(frame, canvas)
        np.testing.assert_array_equal(canvas.y[matte == 0], scene.planes.y[matte == 0])


def test_no_sky_is_said() -> None:
    scene = scene_of(clouds(100, 100), np.zeros((100, 100), np.float32))
    lifted = Sky().lift(scene, breeze_for(scene))
    assert lifted.layer is None
    assert lifted.behind is scene
    assert [notice.code for notice in lifted.notices] == ["no_sky"]
    assert lifted.movement.motion == "none"


def test_a_clear_sky_gets_a_faint_veil() -> None:
    loop = render(*china())
    assert loop.lifted.movement.motion == "procedural"
    assert [notice.code for notice in loop.lifted.notices] == ["clear_sky"]
    inside = loop.matte > 0.99
    change = metrics.largest_change(loop.luma, loop.scene.planes.y, inside)
    assert 3 <= change <= 32
    assert metrics.flicker(loop.luma, inside) < 0.3
    assert metrics.seam(loop.luma, inside).to_largest <= 1.1


def test_a_veil_starts_from_the_photo_on_request() -> None:
    loop = render(*china(), exact_first_frame=True)
    np.testing.assert_array_equal(loop.luma[0], loop.scene.planes.y)


@pytest.mark.parametrize("darkness", [1, 5])
def test_a_clear_sky_stands_still_on_request_and_at_night(darkness: int) -> None:
    rgb, matte = china()
    scene = scene_of((rgb // darkness).astype(np.uint8), matte)
    clear_sky = "still" if darkness == 1 else "veil"
    lifted = Sky().lift(scene, breeze_for(scene, clear_sky=clear_sky))
    assert lifted.layer is None
    assert [notice.code for notice in lifted.notices] == ["clear_sky"]
