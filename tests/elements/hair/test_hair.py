"""What a viewer would notice about swaying hair, on drawn heads whose mattes are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.elements.hair.portraits import Portrait, frames, lifted, luma, portrait
from windstill.bench import metrics
from windstill.elements.base import Scene
from windstill.elements.hair.layer import HairLayer
from windstill.imaging.planes import Planes

HEADS = {
    "long, from the front": portrait(length=1.5),
    "long, from behind": portrait(length=1.5, front=False),
    "cut by the picture's edge": portrait(length=2.6),
    "two heads": portrait(length=1.2, heads=2),
    "bob": portrait(length=0.55),
    "close": portrait(length=1.3, zoom=2.5),
}


@pytest.fixture(params=HEADS.values(), ids=HEADS.keys(), scope="module")
def head(request: pytest.FixtureRequest) -> Portrait:
    picture: Portrait = request.param
    return picture


def test_the_loop_starts_at_the_photo_to_the_bit(head: Portrait) -> None:
    result, _ = lifted(head)
    first = frames(result, 1)[0]
    for plane in "yuv":
        assert np.array_equal(getattr(first, plane), getattr(head.scene.planes, plane))


def test_only_hair_moves(head: Portrait) -> None:
    result, options = lifted(head)
    assert result.layer is not None
    still = metrics.outside(head.hair, result.layer.reach)
    rows, columns = result.layer.region.luma
    still_elsewhere = np.ones_like(still)
    still_elsewhere[rows, columns] = False
    for canvas in frames(result, options.frame_count):
        assert np.array_equal(canvas.y[still], head.scene.planes.y[still])
        assert np.array_equal(canvas.y[still_elsewhere], head.scene.planes.y[still_elsewhere])
        for plane in "uv":
            was, now = getattr(head.scene.planes, plane), getattr(canvas, plane)
            quiet = still[::2, ::2] & still[1::2, 1::2] & still[::2, 1::2] & still[1::2, ::2]
            assert np.array_equal(was[quiet], now[quiet])


def test_no_seam(head: Portrait) -> None:
    result, options = lifted(head)
    painted = luma(frames(result, options.frame_count))
    assert metrics.seam(painted, head.hair > 0.5).to_largest <= 1.0


def test_detail_stays_and_does_not_pulse(head: Portrait) -> None:
    result, options = lifted(head)
    painted = luma(frames(result, options.frame_count))
    detail = metrics.sharpness(painted, head.scene.planes.y, metrics.core(head.hair, 3))
    assert detail.min() >= 0.90
    assert metrics.pulse(detail) <= 0.12


@pytest.mark.parametrize("name", ["long, from the front", "long, from behind"])
def test_the_free_half_of_long_hair_sways_visibly(name: str) -> None:
    head = HEADS[name]
    result, options = lifted(head, seconds=4, fps=24)
    painted = luma(frames(result, options.frame_count))
    rows = np.flatnonzero((head.hair > 0.5).any(axis=1))
    free = metrics.core(head.hair, 2)
    free[: (rows[0] + rows[-1]) // 2] = False
    assert metrics.flow(painted, free) >= 0.02
    top = metrics.core(head.hair, 2)
    top[rows[0] + 30 :] = False
    assert metrics.flow(painted, top) < 0.006


def test_a_bob_trembles() -> None:
    head = HEADS["bob"]
    result, options = lifted(head, seconds=4, fps=24)
    painted = luma(frames(result, options.frame_count))
    assert 0.004 < metrics.flow(painted, metrics.core(head.hair, 2)) < 0.03


def test_short_hair_trembles_all_around_and_its_scalp_does_not() -> None:
    head = portrait(length=0.15)
    result, options = lifted(head, seconds=4, fps=24)
    painted = luma(frames(result, options.frame_count))
    change = np.abs(painted.astype(np.int16) - painted[0]).max(axis=0)
    assert change[36:42, 115:145].mean() > 1
    assert change[64:80, 110:150].max() == 0
    assert 0 < result.movement.travel < 3


def test_the_face_never_moves() -> None:
    head = HEADS["long, from the front"]
    result, options = lifted(head, strength="windy")
    inside = metrics.core(head.face, 6)
    painted = luma(frames(result, options.frame_count))
    assert metrics.largest_change(painted, head.scene.planes.y, inside) == 0


def test_a_stronger_wind_moves_hair_more() -> None:
    head = HEADS["long, from behind"]
    travels = [
        lifted(head, strength=strength)[0].movement.travel
        for strength in ("calm", "normal", "windy")
    ]
    assert travels[0] < travels[1] < travels[2]


def test_heads_move_independently() -> None:
    head = HEADS["two heads"]
    result, options = lifted(head)
    painted = luma(frames(result, options.frame_count)).astype(np.float32)
    change = np.abs(np.diff(painted, axis=0))
    left, right = change[:, :, :260].mean(axis=(1, 2)), change[:, :, 260:].mean(axis=(1, 2))
    assert left.min() > 0
    assert right.min() > 0
    assert not np.allclose(left, right, rtol=0.02)


def test_the_same_seed_gives_the_same_frames_and_another_others() -> None:
    head = HEADS["long, from behind"]
    first, again, other = (frames(lifted(head, seed=seed)[0], 6)[5].y for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (portrait(length=0.0), "hair_too_short"),
        (portrait(length=1.0, low=5.0), "no_hair"),
    ],
    ids=["crew cut", "nobody"],
)
def test_hair_that_cannot_move_stands_still_and_says_why(picture: Portrait, code: str) -> None:
    result, _ = lifted(picture)
    assert result.layer is None
    assert result.behind is picture.scene
    assert result.movement.motion == "none"
    assert [notice.code for notice in result.notices] == [code]


def test_heads_without_a_matte_are_spoken_of() -> None:
    head = HEADS["long, from behind"]
    scene = replace(head.scene, mattes=replace(head.scene.mattes, skipped_heads=3))
    result, _ = lifted(replace(head, scene=scene))
    assert [notice.code for notice in result.notices] == ["heads_skipped"]
    assert "3" in result.notices[0].message


def test_a_movement_tells_share_and_travel() -> None:
    head = HEADS["long, from behind"]
    result, _ = lifted(head)
    assert result.movement.element == "hair"
    assert result.movement.motion == "sway"
    assert result.movement.share == pytest.approx(head.hair.mean(), rel=0.01)
    assert 2 < result.movement.travel < 0.1 * head.diagonal


def test_hair_moves_up_and_down_too_and_locks_go_their_own_way() -> None:
    result, _ = lifted(HEADS["close"], seconds=4, fps=24)
    assert isinstance(result.layer, HairLayer)
    patch = result.layer.patches[0]
    hair = patch.grid.shrink(patch.hair) > 0.5
    poses = np.stack([patch.sway.displacement(t) for t in np.arange(48) / 48])
    aside, up = (np.ptp(poses[..., axis], axis=0)[hair] for axis in (0, 1))
    free = aside > np.percentile(aside, 60)
    assert 0.1 < np.median(up[free] / aside[free]) < 0.7
    paths = poses[:, hair][:, free, 0]
    apart = np.corrcoef(paths[:, :: len(paths[0]) // 40].T)
    assert 0.2 < np.median(apart) < 0.9


@pytest.mark.parametrize("name", ["long, from behind", "long, from the front", "close"])
def test_strength_of_the_wind_means_something(name: str) -> None:
    calm, normal, windy = (
        lifted(HEADS[name], strength=strength)[0].movement.travel
        for strength in ("calm", "normal", "windy")
    )
    assert windy > 1.5 * normal
    assert calm < 0.7 * normal


def test_hair_of_a_head_that_stands_on_its_head_is_rooted_there() -> None:
    picture = portrait(length=1.5)
    planes, mattes = picture.scene.planes, picture.scene.mattes.turned(2)
    turned = Planes(
        *(np.ascontiguousarray(np.rot90(plane, 2)) for plane in (planes.y, planes.u, planes.v))
    )
    result, options = lifted(replace(picture, scene=Scene(turned, mattes)))
    painted = luma(frames(result, options.frame_count)).astype(np.int16)
    change = np.rot90(np.abs(painted - painted[0]).max(axis=0), 2)
    hair = picture.hair > 0.9
    assert change[:70][hair[:70]].mean() < 1
    assert change[150:][hair[150:]].mean() > 5
