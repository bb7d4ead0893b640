import cv2
import numpy as np
import pytest

from windstill.perceive.refine import FACE_EDGE, HAIR_EDGE, SKY_EDGE, Edge, soft_matte

HEIGHT, WIDTH, HORIZON = 480, 640, 300


def meadow() -> np.ndarray:
    """A blue sky, brighter below, over a dark green ground."""
    rgb = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    rgb[:] = (40, 70, 30)
    ramp = np.linspace(0, 60, HORIZON)[:, None]
    rgb[:HORIZON] = np.clip(np.stack([90 + ramp, 130 + ramp, 190 + ramp], axis=-1), 0, 255)
    return rgb


def matte(rgb: np.ndarray, edge: Edge, doubt: float = 0.0) -> np.ndarray:
    """Of a network that sees the ground but nothing thin."""
    p = np.full((HEIGHT // 2, WIDTH // 2), 0.01, np.float32)
    p[: HORIZON // 2] = 0.99
    p[HORIZON // 2 - 30 : HORIZON // 2] -= np.float32(doubt)
    region = p > 0.5
    out = np.empty((HEIGHT, WIDTH), np.float32)
    soft_matte(rgb, p, region, edge, out)
    return out


def test_a_stem_that_grows_from_the_ground_is_no_sky() -> None:
    rgb = meadow()
    cv2.line(rgb, (320, HORIZON + 4), (330, HORIZON - 34), (40, 70, 30), 2)
    sky = matte(rgb, SKY_EDGE)
    assert sky[HORIZON - 20, 324:328].min() < 0.2
    assert sky[HORIZON - 20, 200:300].min() > 0.95
    assert sky[HORIZON - 20, 350:450].min() > 0.95


def test_a_small_cloud_above_the_ground_is_sky() -> None:
    rgb = meadow()
    cv2.ellipse(rgb, (320, HORIZON - 22), (12, 2), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
    assert matte(rgb, SKY_EDGE)[HORIZON - 28 : HORIZON - 16].min() > 0.95


def test_the_photo_s_edge_decides_where_the_network_is_blurred() -> None:
    sky = matte(meadow(), SKY_EDGE, doubt=0.3)
    assert sky[: HORIZON - 2].min() > 0.9
    assert sky[HORIZON + 2 :].max() < 0.1


@pytest.mark.parametrize("edge", [SKY_EDGE, HAIR_EDGE, FACE_EDGE])
def test_it_is_exact_away_from_the_border(edge: Edge) -> None:
    found = matte(meadow(), edge)
    assert np.all(found[: HORIZON - 60] == 1)
    assert np.all(found[HORIZON + 60 :] == 0)


def test_without_a_region_there_is_nothing() -> None:
    out = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    nothing = np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)
    soft_matte(meadow(), nothing, nothing > 0, SKY_EDGE, out)
    assert not out.any()


def hair_before(behind: tuple[int, int, int]) -> np.ndarray:
    """Hair above, a backdrop below, and lines as thin as strands in it: dark ones that hang from
    the hair on the left, ones of the colour `behind` that reach it on the right."""
    rgb = np.full((HEIGHT, WIDTH, 3), (200, 195, 185), np.uint8)
    rgb[:HORIZON] = (60, 40, 30)
    rgb[HORIZON:, WIDTH // 2 :: 12] = behind
    for x in (150, 190):
        cv2.line(rgb, (x, HORIZON - 4), (x + 8, HORIZON + 24), (60, 40, 30), 2)
    return rgb


@pytest.mark.parametrize("behind", [(235, 235, 90), (120, 190, 110), (255, 255, 255)])
def test_strands_are_hair_and_what_is_as_thin_behind_it_is_not(
    behind: tuple[int, int, int],
) -> None:
    hair = matte(hair_before(behind), HAIR_EDGE)
    strand = hair[HORIZON + 16]
    assert strand[150:162].max() > 0.5
    assert strand[190:202].max() > 0.5
    assert strand[170:185].max() < 0.1
    assert hair[HORIZON + 14 :, WIDTH // 2 :].max() < 0.1
