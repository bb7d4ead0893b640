"""Where photos come from: paths, bytes, files, images, arrays; and what Photo offers."""

from __future__ import annotations

import io
import os
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.photo.files import encoded, exif, picture, segment, with_segment
from windstill.errors import (
    CorruptPhoto,
    EmptyPhoto,
    FileTooLarge,
    InvalidOption,
    InvalidPhoto,
    NotAPhoto,
    PhotoTooLarge,
    PhotoTooSmall,
    UnreadablePhoto,
)
from windstill.photo import COMPATIBLE_LIMITS, FORMATS, Limits, Photo, read_photo

RGB = picture()
PNG = encoded(RGB, "PNG")


class OneByteAtATime:
    """A file that hands out little at once, as sockets do."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, 7))


def test_every_kind_of_source(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"  # the name lies, and nobody minds
    path.write_bytes(PNG)
    with path.open("rb") as file:
        sources: list[Any] = [
            str(path),
            path,
            PNG,
            bytearray(PNG),
            memoryview(PNG),
            np.frombuffer(PNG, np.uint8),
            io.BytesIO(PNG),
            file,
            OneByteAtATime(PNG),
            Image.open(io.BytesIO(PNG)),
            Image.fromarray(RGB),
            RGB,
            np.asfortranarray(RGB),
        ]
        for source in sources:
            photo = read_photo(source)
            np.testing.assert_array_equal(photo.rgb, RGB)
            assert photo.rgb.flags.c_contiguous
        assert not file.closed
    assert (photo.width, photo.height, photo.stored_size) == (96, 64, (96, 64))


def test_a_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"header" + PNG)
    file.seek(6)
    np.testing.assert_array_equal(read_photo(file).rgb, RGB)


def test_arrays() -> None:
    grey = RGB[..., 0]
    for source in (grey, grey[..., None]):
        np.testing.assert_array_equal(read_photo(source).rgb, np.dstack([grey] * 3))
    clear = np.dstack([RGB, np.zeros_like(grey)])
    assert (read_photo(clear).rgb == 255).all()
    given = RGB.copy()
    photo = read_photo(given)
    given[:] = 0
    np.testing.assert_array_equal(photo.rgb, RGB)
    assert photo.format == "array"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX",
                                  "CMYK", "YCbCr", "HSV", "I;16"])  # fmt: skip
def test_pil_modes(mode: str) -> None:
    image = Image.fromarray(RGB)
    if mode == "RGBa":
        image = image.convert("RGBA")
    elif mode == "La":
        image = image.convert("LA")
    elif mode == "I;16":
        image = Image.fromarray(RGB[..., 0].astype(np.uint16) * 257)
    image = image if image.mode == mode else image.convert(mode)
    rgb = read_photo(image).rgb.astype(int)
    shown = np.asarray(Image.fromarray(RGB).convert("L").convert("RGB")).astype(int)
    if mode == "1":
        assert set(np.unique(rgb)) == {0, 255}
    elif mode == "I;16":
        np.testing.assert_array_equal(rgb, np.dstack([RGB[..., 0]] * 3))
    elif mode in ("L", "LA", "La"):
        np.testing.assert_array_equal(rgb, shown)
    else:
        assert np.abs(rgb - RGB).mean() < (20 if mode in ("P", "PA") else 2)


BAD_SOURCES: list[tuple[str, Any, type[InvalidPhoto], str]] = [
    ("missing file", "/nowhere/photo.jpg", UnreadablePhoto, "no such file"),
    ("folder", os.curdir, UnreadablePhoto, "folder"),
    ("name with a zero", "a\0b", UnreadablePhoto, "name"),
    ("name too long", "a" * 5000, UnreadablePhoto, "long"),
    ("empty name", "", UnreadablePhoto, "no such file"),
    ("address", "https://example.org/photo.jpg", UnreadablePhoto, "no such file"),
    ("nothing", b"", EmptyPhoto, "JPEG, PNG, BMP, WEBP, AVIF or HEIC"),
    ("empty file", io.BytesIO(), EmptyPhoto, "JPEG"),
    ("text file", io.StringIO("text"), NotAPhoto, "binary"),
    ("None", None, NotAPhoto, "path"),
    ("number", 3, NotAPhoto, "path"),
    ("list", [1, 2], NotAPhoto, "path"),
    ("float array", RGB / 255, NotAPhoto, "uint8"),
    ("channels first", np.moveaxis(RGB, 2, 0), NotAPhoto, "(H, W, 3)"),
    ("four dimensions", RGB[None], NotAPhoto, "(H, W, 3)"),
    ("no dimension", np.uint8(3) + np.zeros((), np.uint8), NotAPhoto, "image"),
    ("empty array", RGB[:0], PhotoTooSmall, "16"),
    ("small array", RGB[:8], PhotoTooSmall, "16"),
    ("tiny image", Image.new("RGB", (3, 300)), PhotoTooSmall, "16"),
    ("float image", Image.new("F", (99, 99)), InvalidPhoto, "JPEG"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in BAD_SOURCES],
)
def test_a_bad_source(source: Any, kind: type[InvalidPhoto], said: str) -> None:
    with pytest.raises(kind) as caught:
        read_photo(source)
    assert said in str(caught.value)
    assert caught.value.field == "image"


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(PNG)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(UnreadablePhoto, match="not permitted"):
        read_photo(path)


def test_files_that_fail() -> None:
    class Failing:
        def read(self, size: int, /) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(UnreadablePhoto, match="gone"):
        read_photo(Failing())
    closed = io.BytesIO(PNG)
    closed.close()
    with pytest.raises(UnreadablePhoto):
        read_photo(closed)
    image = Image.open(io.BytesIO(PNG))
    image.close()
    with pytest.raises(CorruptPhoto):
        read_photo(image)


def test_no_more_is_read_than_allowed() -> None:
    class Endless:
        count = 0

        def read(self, size: int, /) -> bytes:
            self.count += size
            return bytes(size)

    endless = Endless()
    with pytest.raises(FileTooLarge, match=r"at most 3 MiB \(3,145,728 bytes\)"):
        read_photo(endless, COMPATIBLE_LIMITS)
    assert endless.count == 3 * 2**20 + 1
    with pytest.raises(FileTooLarge):
        read_photo("/dev/zero", COMPATIBLE_LIMITS)


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_exactly_three_mebibytes(extra: int, fits: bool, tmp_path: Path) -> None:
    file = encoded(RGB, "BMP")
    file += bytes(3 * 2**20 - len(file) + extra)
    path = tmp_path / "photo"
    path.write_bytes(file)
    for source in (file, path, io.BytesIO(file)):
        if fits:
            assert read_photo(source, COMPATIBLE_LIMITS).width == 96
        else:
            with pytest.raises(FileTooLarge, match="3 MiB"):
                read_photo(source, COMPATIBLE_LIMITS)


@pytest.mark.parametrize(
    ("width", "height", "kind"),
    [
        (33, 33, None),
        (32, 33, PhotoTooSmall),
        (33, 32, PhotoTooSmall),
        (1999, 40, None),
        (2000, 40, PhotoTooLarge),
        (40, 2000, PhotoTooLarge),
    ],
)
def test_sides_of_the_compatible_limits(
    width: int, height: int, kind: type[InvalidPhoto] | None
) -> None:
    file = encoded(picture(width, height), "PNG")
    if kind is None:
        assert read_photo(file, COMPATIBLE_LIMITS).stored_size == (width, height)
        return
    with pytest.raises(kind) as caught:
        read_photo(file, COMPATIBLE_LIMITS)
    assert f"{width}x{height}" in str(caught.value)
    assert ("33" if kind is PhotoTooSmall else "1999") in str(caught.value)


def test_too_many_pixels() -> None:
    with pytest.raises(PhotoTooLarge, match=r"6,144 in all; at most 6,143"):
        read_photo(PNG, Limits(max_pixels=6143))


def test_limits_are_checked_themselves() -> None:
    assert Limits(formats=("jpg", "Png")).formats == ("JPEG", "PNG")
    assert Limits().formats == FORMATS
    for wrong in ({"formats": ("GIF",)}, {"formats": ()}, {"max_bytes": 0}, {"min_side": 2.5},
                  {"min_side": 99, "max_side": 98}, {"max_pixels": True}):  # fmt: skip
        with pytest.raises(InvalidOption, match="allowed"):
            Limits(**wrong)  # type: ignore[arg-type]


def test_fit() -> None:
    photo = read_photo(picture(300, 200))
    assert photo.fit(300) is photo
    assert photo.fit(9999) is photo
    small = photo.fit(100)
    assert small.rgb.shape == (67, 100, 3)
    assert small.stored_size == (300, 200)
    assert np.abs(small.rgb.reshape(-1, 3).mean(0) - photo.rgb.reshape(-1, 3).mean(0)).max() < 2
    assert photo.fit(1).rgb.shape == (1, 1, 3)
    assert read_photo(picture(500, 16)).fit(10).rgb.shape == (1, 10, 3)
    with pytest.raises(InvalidOption):
        photo.fit(0)


def test_fit_averages_instead_of_picking() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(Photo(stripes, "array", (64, 64)).fit(32).rgb.astype(int) - 128).max() <= 1


def test_pillow_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    filters = list(warnings.filters)
    jpeg = encoded(RGB, "JPEG")
    for file in (PNG, jpeg, encoded(RGB, "BMP")):
        assert read_photo(file).width == 96
    for file in (PNG[:-40], jpeg[:-40], jpeg[:-40] + b"\xff\xd9", encoded(RGB, "BMP")[:-40]):
        with pytest.raises(CorruptPhoto):
            read_photo(file)
    assert warnings.filters == filters
    assert Image.MAX_IMAGE_PIXELS == 10
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_many_threads_at_once() -> None:
    files = [encoded(RGB, format) for format in FORMATS if format != "HEIC"] + [
        encoded(RGB, "PNG")[:-9]
    ] * 3
    wrong: list[str] = []

    def work(index: int) -> None:
        for turn in range(8):
            file = files[(index + turn) % len(files)]
            try:
                if np.abs(read_photo(file).rgb.astype(int) - RGB).mean() > 8:
                    wrong.append("pixels")
            except CorruptPhoto:
                if file not in files[-3:]:
                    wrong.append("refused")

    threads = [threading.Thread(target=work, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_of_the_metadata_is_carried_on() -> None:
    file = with_segment(encoded(RGB, "JPEG"), segment(0xE1, exif(1)) + segment(0xFE, b"my home"))
    photo = read_photo(file)
    assert set(vars(photo)) == {"rgb", "format", "stored_size", "orientation"}
    assert "my home" not in repr(vars(photo))
