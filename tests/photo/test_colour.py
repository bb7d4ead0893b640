"""Colour profiles and PNG's gamma: what is stated is honoured, what is broken does no harm."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.photo.files import (
    chunk,
    encoded,
    grey_profile,
    picture,
    png,
    png_rows,
    swapping_profile,
    with_chunk,
)
from windstill.photo import read_photo
from windstill.photo.containers.base import MAX_PROFILE

RGB = picture()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 98, "subsampling": 0}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 98, "subsampling": "4:4:4"}),
    ],
)
def test_a_profile_is_applied(format: str, options: dict[str, object]) -> None:
    photo = read_photo(encoded(RGB, format, icc_profile=swapping_profile(), **options))
    # The file's red is green to the eye, its green blue, its blue red.
    assert np.abs(photo.rgb.astype(int) - RGB[..., [2, 0, 1]]).mean() < 4


def test_srgb_changes_nothing_at_all() -> None:
    np.testing.assert_array_equal(read_photo(encoded(RGB, "PNG", icc_profile=SRGB)).rgb, RGB)


def test_a_grey_profile() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (32, 1))
    image = Image.fromarray(grey)
    linear = read_photo(encoded(image, "PNG", icc_profile=grey_profile(1.0))).rgb[0, :, 0]
    light = np.arange(256) / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(linear - expected * 255)[8:].max() < 3
    assert linear[0] == 0


def test_transparency_over_white_stays_white_under_a_profile() -> None:
    clear = np.dstack([RGB, np.zeros((64, 96), np.uint8)])
    photo = read_photo(encoded(clear, "PNG", icc_profile=swapping_profile()))
    assert photo.rgb.min() >= 254


def _profile_chunk(profile: bytes, name: bytes = b"x") -> bytes:
    return chunk(b"iCCP", name + b"\0\0" + zlib.compress(profile))


def _black_profile() -> bytes:
    """All primaries zero: every colour would be black."""
    data = bytearray(SRGB)
    for tag in (b"rXYZ", b"gXYZ", b"bXYZ"):
        at = data.index(tag)
        (offset,) = struct.unpack_from(">I", data, at + 4)
        data[offset + 8 : offset + 20] = bytes(12)
    return bytes(data)


BROKEN = {
    "text": _profile_chunk(b"not a profile"),
    "empty": _profile_chunk(b""),
    "half": _profile_chunk(SRGB[: len(SRGB) // 2]),
    "header of another size": _profile_chunk(b"\xff" * 4 + SRGB[4:]),
    "grey in a colour picture": _profile_chunk(grey_profile(1.0)),
    "all black": _profile_chunk(_black_profile()),
    "huge": _profile_chunk(SRGB + bytes(MAX_PROFILE)),
    "not compressed": chunk(b"iCCP", b"x\0\0" + SRGB),
    "unknown compression": chunk(b"iCCP", b"x\0\1" + zlib.compress(swapping_profile())),
    "no name end": chunk(b"iCCP", b"x" * 100),
    "wrong checksum": _profile_chunk(swapping_profile())[:-1] + b"!",
    "noise": _profile_chunk(SRGB[:128] + np.random.default_rng(5).bytes(4000)),
}


@pytest.mark.parametrize("extra", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_profile_is_ignored(extra: bytes) -> None:
    photo = read_photo(with_chunk(encoded(RGB, "PNG"), extra))
    np.testing.assert_array_equal(photo.rgb, RGB)


def test_a_jpeg_profile_in_parts_needs_them_all() -> None:
    profile = swapping_profile() + bytes(70_000)
    file = encoded(RGB, "JPEG", quality=98, icc_profile=profile)
    assert np.abs(read_photo(file).rgb.astype(int) - RGB[..., [2, 0, 1]]).mean() < 4
    second = file.index(b"ICC_PROFILE\0\x02")
    assert second > 0
    without = file.replace(b"ICC_PROFILE\0\x02", b"ICC-PROFILE\0\x02")
    assert np.abs(read_photo(without).rgb.astype(int) - RGB).mean() < 3


def _with_gamma(value: int, *more: bytes) -> bytes:
    gamma = chunk(b"gAMA", struct.pack(">I", value))
    return png(96, 64, png_rows(RGB), before=b"".join([gamma, *more]))


def test_linear_gamma_is_brightened() -> None:
    light = RGB / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    photo = read_photo(_with_gamma(100_000))
    assert np.abs(photo.rgb - expected * 255).max() <= 1


@pytest.mark.parametrize(
    "file",
    [
        _with_gamma(45_455),
        _with_gamma(0),
        _with_gamma(4_000_000_000),
        _with_gamma(100_000, chunk(b"sRGB", b"\0")),
        _with_gamma(100_000, _profile_chunk(SRGB)),
    ],
    ids=["ordinary", "zero", "absurd", "with sRGB", "with a profile"],
)
def test_gamma_that_is_ordinary_absurd_or_overruled(file: bytes) -> None:
    np.testing.assert_array_equal(read_photo(file).rgb, RGB)
