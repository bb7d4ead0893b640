"""Mattes made by a person, beside those that the network finds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import windstill
from tests.pictures import china
from windstill.errors import InvalidMatte

PHOTO = np.ascontiguousarray(china()[:384:6, :576:6])


def png(levels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "PNG")
    return stream.getvalue()


def test_what_is_given_is_taken_and_the_rest_is_found() -> None:
    sky = np.zeros((64, 96), np.uint8)
    sky[:20] = 255
    given = windstill.mattes_from(PHOTO, sky=sky)
    given.check((64, 96))
    np.testing.assert_array_equal(given.sky, sky / np.float32(255))
    found = windstill.mattes(PHOTO)
    assert (given.hair + given.face <= 1 - given.sky).all()
    assert (found.sky > 0.5).mean() > 0.1, "the network finds a sky here, elsewhere"


def test_nothing_given_is_what_the_network_finds() -> None:
    found, same = windstill.mattes(PHOTO), windstill.mattes_from(PHOTO)
    np.testing.assert_array_equal(found.sky, same.sky)


@pytest.mark.parametrize("kind", ["png", "rgb png", "uint8", "float32", "bool", "image"])
def test_every_kind_of_picture_says_the_same(kind: str) -> None:
    levels = np.zeros((64, 96), np.uint8)
    levels[:, :40] = 255
    source = {
        "png": png(levels),
        "rgb png": png(np.repeat(levels[..., None], 3, axis=2)),
        "uint8": levels,
        "float32": (levels / 255).astype(np.float32),
        "bool": levels > 0,
        "image": Image.fromarray(levels),
    }[kind]
    np.testing.assert_array_equal(windstill.mattes_from(PHOTO, hair=source).hair, levels > 0)


def test_any_size_is_stretched_to_the_photo() -> None:
    small = np.array([[255, 0]], np.uint8)
    hair = windstill.mattes_from(PHOTO, hair=small).hair
    assert hair.shape == (64, 96)
    assert (hair[:, :20] == 1).all()
    assert (hair[:, -20:] == 0).all()


def test_hair_is_before_the_sky_and_a_face_gives_way() -> None:
    half = np.zeros((64, 96), np.float32)
    half[:, 30:] = 0.75
    both = windstill.mattes_from(PHOTO, sky=np.ones((1, 1), bool), hair=half)
    np.testing.assert_array_equal(both.hair, half)
    np.testing.assert_array_equal(both.sky, 1 - half)
    assert not both.face.any()


def test_the_given_sky_is_what_moves() -> None:
    sky = np.zeros((64, 96), np.uint8)
    sky[:32, :48] = 255
    options = windstill.Options(operation="1", seconds=2, fps=8)
    frames = [
        frame.astype(int)
        for frame in windstill.frames(PHOTO, options, mattes=windstill.GivenMattes(sky=sky))
    ]
    moved = np.max([np.abs(frame - frames[0]).max(axis=2) for frame in frames], axis=0)
    assert moved[4:28, 4:44].any()
    assert not moved[36:].any()
    assert not moved[:, 52:].any()


@pytest.mark.parametrize(
    ("sources", "field"),
    [
        ({"sky": b"no picture"}, "sky_matte"),
        ({"hair": b""}, "hair_matte"),
        ({"hair": png(np.zeros((9, 9), np.uint8))[:40]}, "hair_matte"),
        ({"sky": np.full((4, 4), 2, np.float32)}, "sky_matte"),
        ({"sky": np.full((4, 4), np.nan, np.float32)}, "sky_matte"),
        ({"hair": np.zeros((4, 4, 2), np.float32)}, "hair_matte"),
        ({"hair": np.zeros((0, 4), np.float32)}, "hair_matte"),
    ],
)
def test_what_is_no_matte_is_refused_by_its_name(sources: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidMatte, match=field.replace("_", " ")) as refusal:
        windstill.mattes_from(PHOTO, **sources)  # type: ignore[arg-type]
    assert refusal.value.field == field
