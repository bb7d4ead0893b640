import cv2
import numpy as np

from tests import pictures
from tests.perceive.pictures import group, plain
from windstill.perceive.faces import detect_faces, quarter_turns


def test_a_face_is_found_where_it_is() -> None:
    (face,) = detect_faces(pictures.astronaut(), threads=1)
    # Eyes and mouth of the astronaut are about (225, 110).
    assert abs(face.x - 225) < 20
    assert abs(face.y - 110) < 25
    assert 60 < face.size < 130
    assert face.score > 0.6


def test_small_faces_are_found_and_the_largest_comes_first() -> None:
    rgb = plain(600, 900, (90, 110, 130))
    head = pictures.astronaut()[:256, 96:352]
    for x, size in ((50, 90), (300, 200), (700, 120)):
        shrunk = cv2.resize(head, (size, size), interpolation=cv2.INTER_AREA)
        rgb[200 : 200 + size, x : x + size] = shrunk
    faces = detect_faces(rgb, threads=1)
    assert [300 < face.x < 500 for face in faces] == [True, False, False]
    assert [face.size for face in faces] == sorted((face.size for face in faces), reverse=True)


def test_nobody_is_seen_in_a_landscape() -> None:
    assert detect_faces(pictures.china(), threads=1) == []
    assert quarter_turns(pictures.china(), threads=1) == 0


def test_people_are_set_upright() -> None:
    for turned in range(4):
        photo = np.ascontiguousarray(np.rot90(group(), turned))
        assert quarter_turns(photo, threads=1) == -turned % 4
