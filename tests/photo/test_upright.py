"""Turning upright: the eight EXIF orientations, in every format, and EXIF that makes no sense."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.photo.files import chunk, encoded, exif, picture, segment, with_chunk, with_segment
from windstill.photo import read_photo
from windstill.photo.orientation import read_orientation

RGB = picture()
# What turns a picture as stored upright (EXIF 2.32, table 6).
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("JPEG", {"quality": 95}, 3),
        ("WEBP", {"lossless": True}, 0),
        ("AVIF", {"quality": 95, "subsampling": "4:4:4"}, 4),
    ],
)
def test_orientations(
    orientation: int, format: str, options: dict[str, object], tolerance: float
) -> None:
    photo = read_photo(encoded(RGB, format, exif=exif(orientation), **options))
    expected = TURNS[orientation](RGB)
    assert photo.rgb.shape == expected.shape
    assert photo.rgb.flags.c_contiguous
    assert photo.orientation == orientation
    assert photo.stored_size == (96, 64)
    assert np.abs(photo.rgb.astype(int) - expected).mean() <= tolerance


def test_a_pil_image_is_turned_once() -> None:
    image = Image.open(io.BytesIO(encoded(RGB, "PNG", exif=exif(6))))
    np.testing.assert_array_equal(read_photo(image).rgb, np.rot90(RGB, -1))
    np.testing.assert_array_equal(read_photo(ImageOps.exif_transpose(image)).rgb, np.rot90(RGB, -1))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["B", "H", "I"])
def test_spellings_of_the_orientation(order: str, kind: str) -> None:
    block = exif(6, kind=kind, order=order)
    assert read_orientation(block) == 6
    assert read_orientation(block[6:]) == 6


NONSENSE = {
    "nothing": b"",
    "no TIFF": b"Exif\0\0hello",
    "header only": b"Exif\0\0II*\0",
    "directory out of reach": b"Exif\0\0II*\0" + struct.pack("<I", 0xFFFFFFF0),
    "endless directory": b"Exif\0\0II*\0" + struct.pack("<IH", 8, 65535) + b"\1\0" * 40,
    "cut entry": exif(6)[:18],
    "value 0": exif(0),
    "value 9": exif(9),
    "value 65535": exif(65535),
    "wrong order mark": exif(6).replace(b"II*\0", b"MM\0*"),
    "text": exif(6).replace(struct.pack("<HH", 0x0112, 3), struct.pack("<HH", 0x0112, 2)),
}


@pytest.mark.parametrize("block", NONSENSE.values(), ids=list(NONSENSE))
def test_nonsense_is_ignored(block: bytes) -> None:
    assert read_orientation(block) == 1
    tiff = block.removeprefix(b"Exif\0\0")
    in_png = with_chunk(encoded(RGB, "PNG"), chunk(b"eXIf", tiff))
    np.testing.assert_array_equal(read_photo(in_png).rgb, RGB)
    in_jpeg = with_segment(encoded(RGB, "JPEG"), segment(0xE1, b"Exif\0\0" + tiff))
    assert read_photo(in_jpeg).orientation == 1


EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "hostile" / "exif"


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_published_examples_are_upright(kind: str) -> None:
    pictures = [read_photo(EXAMPLES / f"{kind}_{number}.jpg").fit(90) for number in range(1, 9)]
    for photo in pictures:
        assert photo.rgb.shape == pictures[0].rgb.shape
        error = np.abs(photo.rgb.astype(int) - pictures[0].rgb).mean()
        assert error < 4
    assert [photo.orientation for photo in pictures] == list(range(1, 9))
