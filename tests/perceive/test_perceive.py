from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tests import pictures
from tests.perceive.pictures import GROUP, group, labelled, plain
from windstill.perceive import perceive
from windstill.perceive.mattes import Mattes
from windstill.perceive.windows import MOST_HEADS


def check_promises(mattes: Mattes, rgb: np.ndarray) -> None:
    mattes.check((rgb.shape[0], rgb.shape[1]))
    assert float((mattes.sky + mattes.hair + mattes.face).max()) <= 1.0


@pytest.mark.parametrize("size", [(640, 427), (641, 431), (1280, 854), (320, 900)])
def test_a_sky_is_whole_and_the_ground_is_exactly_nought(size: tuple[int, int]) -> None:
    rgb = cv2.resize(pictures.china(), size)
    mattes = perceive(rgb, threads=1)
    check_promises(mattes, rgb)
    height, width = rgb.shape[:2]
    assert np.all(mattes.sky[: height // 20] == 1)
    assert np.all(mattes.sky[-height // 5 :] == 0)
    tower = (slice(int(0.3 * height), int(0.7 * height)), slice(width // 4, width // 3))
    assert np.all(mattes.sky[tower] == 0)
    assert not mattes.hair.any()


def test_hair_and_face_of_a_portrait() -> None:
    rgb = pictures.astronaut()
    mattes = perceive(rgb, threads=1)
    check_promises(mattes, rgb)
    assert not mattes.sky.any()
    assert mattes.hair[40, 220] == 1
    assert mattes.face[110, 220] > 0.9
    assert np.all(mattes.hair[250:] == 0)
    assert np.all(mattes.face[250:] == 0)
    assert 0.02 < float(mattes.hair.mean()) < 0.08


def wall() -> np.ndarray:
    return plain(360, 480, (205, 200, 190))


def black() -> np.ndarray:
    return np.zeros((300, 400, 3), np.uint8)


def floor() -> np.ndarray:
    boards = plain(360, 480, (140, 95, 60))
    boards[::24] //= 2
    return boards


@pytest.mark.parametrize("make", [wall, black, floor])
def test_nothing_there_is_nothing_found(make: Callable[[], np.ndarray]) -> None:
    mattes = perceive(make(), threads=1)
    assert not mattes.hair.any()
    assert not mattes.face.any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (17, 23), (33, 31)])
def test_any_size_is_served(shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), 127, np.uint8)
    check_promises(perceive(rgb, threads=1), rgb)


def test_the_same_photo_gives_the_same_mattes() -> None:
    rgb = pictures.astronaut()
    first, second = perceive(rgb, threads=1), perceive(rgb, threads=1)
    assert np.array_equal(first.hair, second.hair)


def test_every_head_of_a_group_is_found_whichever_way_the_photo_lies() -> None:
    for turns in range(4):
        photo = np.ascontiguousarray(np.rot90(group(), turns))
        mattes = perceive(photo, threads=1)
        check_promises(mattes, photo)
        hair, face = (np.rot90(matte, -turns) for matte in (mattes.hair, mattes.face))
        for y, x in GROUP:
            assert hair[y : y + 60, x : x + 110].mean() > 0.1
            assert face[y + 40 : y + 60, x + 45 : x + 60].mean() > 0.5


def test_heads_beyond_a_crowd_are_counted() -> None:
    rgb = plain(900, 1200, (120, 140, 120))
    head = cv2.resize(pictures.astronaut()[:256, 96:352], (120, 120), interpolation=cv2.INTER_AREA)
    for place in range(30):
        y, x = 20 + 170 * (place // 6), 20 + 195 * (place % 6)
        rgb[y : y + 120, x : x + 120] = head
    mattes = perceive(rgb, threads=1)
    assert mattes.skipped_heads == 30 - MOST_HEADS
    assert perceive(group(), threads=1).skipped_heads == 0


def iou(matte: np.ndarray, label: np.ndarray) -> float:
    found, true = (matte > 0.5) & (label != 128), label > 191
    return float(np.count_nonzero(found & true) / max(1, np.count_nonzero(found | true)))


@pytest.mark.parametrize(
    ("folder", "element", "least"), [("hair/figaro", "hair", 0.85), ("sky/ade", "sky", 0.88)]
)
def test_labelled_pictures(folder: str, element: str, least: float) -> None:
    found = [
        iou(getattr(perceive(rgb, threads=1), element), label)
        for rgb, label in labelled(folder, 12)
    ]
    assert np.mean(found) > least


def test_a_rough_sky_changes_neither_hair_nor_where_the_sky_is() -> None:
    rgb = cv2.resize(pictures.china(), (1280, 854))
    rgb[300:812, 700:1212] = pictures.astronaut()
    whole, rough = perceive(rgb), perceive(rgb, rough_sky=True)
    np.testing.assert_array_equal(rough.hair, whole.hair)
    np.testing.assert_array_equal(rough.face, whole.face)
    check_promises(rough, rgb)
    both = np.minimum(whole.sky, rough.sky).sum()
    assert both / np.maximum(whole.sky, rough.sky).sum() > 0.9


def test_rough_hair_is_where_the_hair_is_and_the_sky_is_the_same_beyond_it() -> None:
    rgb = cv2.resize(pictures.china(), (1280, 854))
    rgb[300:812, 700:1212] = pictures.astronaut()
    whole, rough = perceive(rgb), perceive(rgb, rough_hair=True)
    check_promises(rough, rgb)
    both = np.minimum(whole.hair, rough.hair).sum()
    assert both / np.maximum(whole.hair, rough.hair).sum() > 0.8
    np.testing.assert_array_equal(rough.sky[:300], whole.sky[:300])
