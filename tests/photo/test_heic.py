"""HEIC photos, as phones make them; skipped where pillow-heif is not installed."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.photo.files import exif, picture, swapping_profile
from tests.photo.test_mutations import mutated
from tests.photo.test_upright import TURNS
from windstill.errors import CorruptPhoto, InvalidPhoto, PhotoTooLarge, UnsupportedFormat
from windstill.photo import COMPATIBLE_LIMITS, Limits, read_photo

pillow_heif = pytest.importorskip("pillow_heif")

RGB = picture()


def heic(pixels: np.ndarray = RGB, *, tile_size: int = 0, **info: Any) -> bytes:
    file = io.BytesIO()
    image = pillow_heif.from_pillow(Image.fromarray(pixels))
    image.save(file, quality=95, chroma=444, tile_size=tile_size, **info)
    return file.getvalue()


def difference(data: bytes, expected: np.ndarray) -> float:
    rgb = read_photo(data).rgb
    assert rgb.shape == expected.shape
    return float(np.abs(rgb.astype(int) - expected).mean())


def test_shows_what_was_encoded() -> None:
    photo = read_photo(heic())
    assert (photo.format, photo.stored_size) == ("HEIC", (96, 64))
    assert difference(heic(), RGB) < 3
    grey = np.ascontiguousarray(RGB[..., 0])
    assert difference(heic(grey), np.repeat(grey[..., None], 3, axis=2)) < 3


def test_tiles_are_put_together() -> None:
    large = picture(600, 400)
    assert difference(heic(large, tile_size=256), large) < 3


def test_transparent_parts_are_white() -> None:
    alpha = np.full((64, 96, 1), 255, np.uint8)
    alpha[:, 60:] = 0
    rgb = read_photo(heic(np.dstack([RGB, alpha]))).rgb
    assert (rgb[:, 64:] > 245).all()
    assert np.abs(rgb[:, :56].astype(int) - RGB[:, :56]).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_is_upright(orientation: int) -> None:
    assert difference(heic(exif=exif(orientation)), TURNS[orientation](RGB)) < 3


def test_profile_is_applied() -> None:
    data = heic(icc_profile=swapping_profile(), icc_profile_type="prof")
    assert difference(data, RGB[..., [2, 0, 1]]) < 4


def test_refused_where_the_caller_excludes_it() -> None:
    with pytest.raises(UnsupportedFormat, match="HEIC; allowed are JPEG, PNG or BMP"):
        read_photo(heic(), COMPATIBLE_LIMITS)


def test_refused_by_name_where_the_decoder_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from windstill.photo import signature

    data = heic()
    monkeypatch.setattr(signature, "decodable", lambda name: name != "HEIC")
    with pytest.raises(UnsupportedFormat, match="pillow-heif"):
        read_photo(data)


def patched(data: bytes, after: bytes, skip: int, value: bytes) -> bytes:
    at = data.index(after) + len(after) + skip
    return data[:at] + value + data[at + len(value) :]


def test_size_is_checked_wherever_it_stands() -> None:
    large = picture(600, 400)
    limits = Limits(max_side=500)
    for data in (heic(large), heic(large, tile_size=256)):
        with pytest.raises(PhotoTooLarge, match="600x400"):
            read_photo(data, limits)
    hidden = patched(heic(large), b"ispe", 4, struct.pack(">II", 64, 64))
    with pytest.raises(PhotoTooLarge, match="at most 500"):
        read_photo(hidden, limits)


def test_a_grid_of_a_hidden_size_is_measured() -> None:
    data = heic(picture(600, 400), tile_size=256)
    at = data.index(struct.pack(">BBHH", 1, 2, 600, 400))  # rows - 1, columns - 1, size
    hidden = data[: at + 2] + struct.pack(">HH", 65000, 65000) + data[at + 6 :]
    with pytest.raises(PhotoTooLarge):
        read_photo(hidden)


def test_rare_kinds_are_refused() -> None:
    with pytest.raises(UnsupportedFormat, match="not coded as HEVC"):
        read_photo(heic().replace(b"hvc1", b"jpeg"))
    with pytest.raises(UnsupportedFormat, match="rare kind"):
        read_photo(heic(picture(600, 400), tile_size=256).replace(b"grid", b"iovl"))


def test_no_part_of_a_file_is_a_photo() -> None:
    data = heic()
    for host_setting in (False, True):
        ImageFile.LOAD_TRUNCATED_IMAGES = host_setting
        try:
            for length in {*range(1, 64), *np.linspace(64, len(data) - 1, 40).astype(int).tolist()}:
                with pytest.raises(InvalidPhoto):
                    read_photo(data[:length])
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False


def feed(count: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    rgb = picture(80, 56)
    alpha = np.dstack([rgb, rgb[..., 0]])
    files = [
        heic(rgb, exif=exif(6)),
        heic(picture(300, 200), tile_size=128),
        heic(alpha, icc_profile=swapping_profile(), icc_profile_type="prof"),
    ]
    outcomes: dict[str, int] = {}
    for number in range(count):
        data = mutated(files[number % len(files)], files, rng)
        try:
            read_photo(data, Limits(min_side=1, max_pixels=4_000_000))
            outcome = "photo"
        except InvalidPhoto as error:
            outcome = type(error).__name__
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def test_three_hundred_mutations() -> None:
    outcomes = feed(300, seed=4)
    assert outcomes["photo"] > 10
    assert outcomes[CorruptPhoto.__name__] > 50


@pytest.mark.slow
def test_ten_thousand_mutations() -> None:
    outcomes = feed(10_000, seed=5)
    assert outcomes["photo"] > 300
