from __future__ import annotations

import cv2
import numpy as np

from windstill.elements.hair.beards import beards

HEAD = 48.0


def face_and_hair() -> tuple[np.ndarray, np.ndarray]:
    """A face of 30 by 40 cells, and long hair on both sides of it."""
    face, hair = np.zeros((120, 100), np.float32), np.zeros((120, 100), np.float32)
    cv2.rectangle(hair, (28, 10), (72, 100), 1.0, -1)
    hair[50:, 40:60] = 0
    cv2.ellipse(face, (50, 50), (15, 20), 0, 0, 360, 1.0, -1)
    hair[face > 0] = 0
    return face, hair


def test_what_grows_below_a_face_and_ends_is_a_beard() -> None:
    face, hair = face_and_hair()
    hair[71:, 40:60] = 0
    face[60:], hair[60:72, 38:62] = 0, 1
    found = beards(hair, face, HEAD)
    assert found[62:70, 46:54].min() > 0.9
    assert found[80:, 30:34].max() < 0.1


def test_hair_beside_a_face_or_in_front_of_a_body_is_none() -> None:
    face, hair = face_and_hair()
    assert beards(hair, face, HEAD).max() == 0
    hair[71:, 40:60] = 1
    assert beards(hair, face, HEAD)[90:].max() < 0.1


def test_a_beard_cut_off_from_the_face_is_one_and_a_cut_off_lock_is_none() -> None:
    face, hair = face_and_hair()
    hair[71:, 40:60] = 0
    hair[70:74] = 0
    hair[76:88, 42:62] = 1
    hair[76:88, 38:42] = hair[76:88, 62:66] = 0
    found = beards(hair, face, HEAD)
    assert found[78:86, 44:58].min() > 0.9
    assert found[80:, 30:33].max() < 0.3


def test_without_a_face_there_is_none() -> None:
    _, hair = face_and_hair()
    assert beards(hair, np.zeros_like(hair), HEAD).max() == 0
