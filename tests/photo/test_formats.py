"""Every variant of the formats that people send comes back with the pixels that went in."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.photo.files import (
    bmp,
    chunk,
    encoded,
    exif,
    picture,
    png,
    png_rows,
    with_chunk,
)
from windstill.photo import COMPATIBLE_LIMITS, Limits, read_photo

RGB = picture()
GREY = np.asarray(Image.fromarray(RGB).convert("L"))
ALPHA = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))
RGBA = np.dstack([RGB, ALPHA])


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """What a person sees of a transparent picture on paper."""
    share = alpha[..., None] / 255
    rgb = colour if colour.ndim == 3 else np.dstack([colour] * 3)
    return rgb * share + 255 * (1 - share)


def grey_as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.dstack([grey] * 3)


def palette_image() -> Image.Image:
    return Image.fromarray(RGB).quantize(64)


def as_seen(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def cmyk() -> Image.Image:
    return Image.fromarray(RGB).convert("CMYK")


def bottom_up(rows: np.ndarray) -> bytes:
    stride = -(-rows.shape[1] // 4) * 4
    padded = np.zeros((rows.shape[0], stride), np.uint8)
    padded[:, : rows.shape[1]] = rows
    return padded[::-1].tobytes()


def windows_palette(image: Image.Image) -> bytes:
    colours = np.frombuffer(bytes(image.getpalette("RGB") or ()), np.uint8).reshape(-1, 3)
    return np.hstack([colours[:, ::-1], np.zeros((len(colours), 1), np.uint8)]).tobytes()


def sixteen_bit_565() -> tuple[np.ndarray, np.ndarray]:
    r, g, b = (RGB[..., i].astype(np.uint16) for i in range(3))
    packed = (r >> 3 << 11) | (g >> 2 << 5) | (b >> 3)
    seen = np.dstack([(r >> 3) * 255 // 31, (g >> 2) * 255 // 63, (b >> 3) * 255 // 31])
    return packed, seen


def run_lengths() -> bytes:
    """8-bit run-length coding: each row as runs, then end of line; at last end of bitmap."""
    out = b""
    for row in np.asarray(palette_image())[::-1]:
        start = 0
        for at in range(1, len(row) + 1):
            if at == len(row) or row[at] != row[start] or at - start == 255:
                out += bytes([at - start, row[start]])
                start = at
        out += b"\0\0"
    return out + b"\0\1"


def second_frame() -> Image.Image:
    return Image.fromarray(255 - RGB)


def frames(format: str, **options: object) -> bytes:
    return encoded(RGB, format, save_all=True, append_images=[second_frame()], **options)


def alpha_bmp(alpha: np.ndarray) -> bytes:
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    bgra = np.dstack([RGB[..., ::-1], alpha]).reshape(64, -1)
    return bmp(96, 64, 32, bottom_up(bgra), compression=3, masks=masks, header=108)


WIDE = (GREY.astype(np.uint16) << 8) | 0x80
WIDE_RGB = RGB.astype(np.uint16) * 257
KEYED = np.where(GREY > 150, 200, GREY).astype(np.uint8)
FEW = (GREY >> 6).astype(np.uint8)  # two bits
PACKED = FEW.reshape(64, -1, 4) @ np.array([64, 16, 4, 1], np.uint8)
BITS = (GREY > 128).astype(np.uint8)

Maker = Callable[[], bytes]
Case = tuple[str, Maker, np.ndarray | Callable[[], np.ndarray], float]
CASES: list[Case] = [
    ("JPEG baseline", lambda: encoded(RGB, "JPEG", quality=95), RGB, 3),
    ("JPEG 4:4:4", lambda: encoded(RGB, "JPEG", quality=97, subsampling=0), RGB, 2),
    ("JPEG progressive", lambda: encoded(RGB, "JPEG", quality=95, progressive=True), RGB, 3),
    ("JPEG restarts", lambda: encoded(RGB, "JPEG", quality=95, restart_marker_rows=1), RGB, 3),
    ("JPEG grey", lambda: encoded(GREY, "JPEG", quality=95), grey_as_rgb(GREY), 2),
    ("JPEG optimised", lambda: encoded(RGB, "JPEG", quality=95, optimize=True), RGB, 3),
    ("JPEG RGB kept", lambda: encoded(RGB, "JPEG", quality=95, keep_rgb=True), RGB, 3),
    ("JPEG CMYK", lambda: encoded(cmyk(), "JPEG", quality=95), lambda: as_seen(cmyk()), 3),
    ("JPEG and junk behind", lambda: encoded(RGB, "JPEG", quality=95) + b"junk\xff\xd8", RGB, 3),
    ("PNG RGB", lambda: encoded(RGB, "PNG"), RGB, 0),
    ("PNG grey", lambda: encoded(GREY, "PNG"), grey_as_rgb(GREY), 0),
    ("PNG palette", lambda: encoded(palette_image(), "PNG"), lambda: as_seen(palette_image()), 0),
    ("PNG 4-bit palette", lambda: encoded(palette_image().quantize(8), "PNG"),
     lambda: as_seen(palette_image().quantize(8)), 0),
    ("PNG palette, one colour clear", lambda: encoded(palette_image(), "PNG", transparency=3),
     lambda: on_white(as_seen(palette_image()),
                      np.where(np.asarray(palette_image()) == 3, 0, 255)), 1),
    ("PNG palette, alpha per colour",
     lambda: encoded(palette_image(), "PNG", transparency=bytes(range(64))),
     lambda: on_white(as_seen(palette_image()), np.asarray(palette_image())), 1),
    ("PNG RGBA", lambda: encoded(RGBA, "PNG"), on_white(RGB, ALPHA), 1),
    ("PNG grey with alpha", lambda: encoded(Image.merge("LA", [Image.fromarray(GREY),
     Image.fromarray(ALPHA)]), "PNG"), on_white(GREY, ALPHA), 1),
    ("PNG grey, one grey clear", lambda: png(96, 64, png_rows(KEYED), colour=0,
     before=chunk(b"tRNS", b"\0\xc8")), on_white(KEYED, np.where(KEYED == 200, 0, 255)), 1),
    ("PNG 2-bit grey", lambda: png(96, 64, png_rows(PACKED), depth=2, colour=0),
     grey_as_rgb(FEW * 85), 0),
    ("PNG 2-bit grey, one grey clear", lambda: png(96, 64, png_rows(PACKED), depth=2, colour=0,
     before=chunk(b"tRNS", b"\0\2")), on_white(FEW * 85, np.where(FEW == 2, 0, 255)), 0),
    ("PNG RGB, one colour clear", lambda: png(96, 64, png_rows(RGB),
     before=chunk(b"tRNS", bytes([0, 240, 0, 30, 0, 30]))),
     on_white(RGB, np.where((RGB == (240, 30, 30)).all(axis=2), 0, 255)), 1),
    ("PNG 16-bit grey", lambda: png(96, 64, png_rows(WIDE), depth=16, colour=0),
     grey_as_rgb(GREY), 1),
    ("PNG 16-bit grey, one grey clear", lambda: png(96, 64, png_rows(WIDE), depth=16, colour=0,
     before=chunk(b"tRNS", struct.pack(">H", int(WIDE[0, 0])))),
     on_white(GREY, np.where(WIDE[0, 0] == WIDE, 0, 255)), 1),
    ("PNG 16-bit RGB", lambda: png(96, 64, png_rows(WIDE_RGB), depth=16), RGB, 0),
    ("PNG 16-bit RGB, one colour clear", lambda: png(96, 64, png_rows(WIDE_RGB), depth=16,
     before=chunk(b"tRNS", struct.pack(">HHH", *(v * 257 for v in (240, 30, 30))))),
     on_white(RGB, np.where((RGB == (240, 30, 30)).all(axis=2), 0, 255)), 1),
    ("PNG 16-bit RGBA", lambda: png(96, 64, png_rows(RGBA.astype(np.uint16) * 257), depth=16,
     colour=6), on_white(RGB, ALPHA), 1),
    ("PNG 1 bit", lambda: encoded(Image.fromarray(BITS * 255).convert("1"), "PNG"),
     grey_as_rgb(BITS * 255), 0),
    ("PNG 1 bit, white clear", lambda: png(96, 64, png_rows(np.packbits(BITS, axis=1)), depth=1,
     colour=0, before=chunk(b"tRNS", b"\0\0")), np.full((64, 96, 3), 255), 0),
    ("PNG in small pieces", lambda: encoded(RGB, "PNG", compress_level=1), RGB, 0),
    ("PNG with text, times and unknown chunks", lambda: with_chunk(encoded(RGB, "PNG"),
     chunk(b"tEXt", b"a\0b") + chunk(b"tIME", bytes(7)) + chunk(b"prVt", b"x")), RGB, 0),
    ("APNG", lambda: frames("PNG"), RGB, 0),
    ("APNG, default image apart", lambda: frames("PNG", default_image=True), RGB, 0),
    ("BMP 24", lambda: encoded(RGB, "BMP"), RGB, 0),
    ("BMP 24 top down", lambda: bmp(96, -64, 24, RGB[..., ::-1].tobytes()), RGB, 0),
    ("BMP 8 grey", lambda: encoded(GREY, "BMP"), grey_as_rgb(GREY), 0),
    ("BMP 8 palette", lambda: encoded(palette_image(), "BMP"),
     lambda: as_seen(palette_image()), 0),
    ("BMP 8 run-length", lambda: bmp(96, 64, 8, run_lengths(), compression=1,
     palette=windows_palette(palette_image())), lambda: as_seen(palette_image()), 0),
    ("BMP 4", lambda: bmp(96, 64, 4, bottom_up(FEW[:, 0::2] << 4 | FEW[:, 1::2]),
     palette=b"".join(bytes([v, v, v, 0]) for v in (0, 85, 170, 255))), grey_as_rgb(FEW * 85), 0),
    ("BMP 1", lambda: encoded(Image.fromarray(BITS * 255).convert("1"), "BMP"),
     grey_as_rgb(BITS * 255), 0),
    ("BMP 16, 5-6-5", lambda: bmp(96, 64, 16, sixteen_bit_565()[0][::-1].tobytes(), compression=3,
     masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)), lambda: sixteen_bit_565()[1], 1),
    ("BMP 32", lambda: bmp(96, 64, 32, bottom_up(np.dstack([RGB[..., ::-1], ALPHA])
     .reshape(64, -1))), RGB, 0),
    ("BMP 32 with alpha", lambda: alpha_bmp(ALPHA), on_white(RGB, ALPHA), 1),
    ("BMP 32, alpha forgotten", lambda: alpha_bmp(ALPHA * 0), RGB, 0),
    ("WebP", lambda: encoded(RGB, "WEBP", quality=98), RGB, 6),
    ("WebP lossless", lambda: encoded(RGB, "WEBP", lossless=True), RGB, 0),
    ("WebP lossless with alpha", lambda: encoded(RGBA, "WEBP", lossless=True, exact=True),
     on_white(RGB, ALPHA), 1),
    ("WebP with metadata", lambda: encoded(RGB, "WEBP", lossless=True, exif=exif(1)), RGB, 0),
    ("WebP animation", lambda: frames("WEBP", lossless=True), RGB, 0),
    ("AVIF", lambda: encoded(RGB, "AVIF", quality=95, subsampling="4:4:4"), RGB, 4),
    ("AVIF with alpha", lambda: encoded(RGBA, "AVIF", quality=95, subsampling="4:4:4"),
     on_white(RGB, ALPHA), 6),
    ("AVIF sequence", lambda: frames("AVIF", quality=95, subsampling="4:4:4"), RGB, 4),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "seen", "tolerance"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in CASES],
)
def test_a_variant_shows_what_was_encoded(
    make: Maker, seen: np.ndarray | Callable[[], np.ndarray], tolerance: float
) -> None:
    photo = read_photo(make())
    expected = seen() if callable(seen) else seen
    assert photo.rgb.shape == (64, 96, 3)
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.flags.c_contiguous
    error = np.abs(photo.rgb.astype(float) - expected)
    assert error.mean() <= tolerance
    # Lossy coding may miss the edges of the painted corners by more.
    assert np.percentile(error, 95) <= 2 * tolerance
    if tolerance <= 1:
        assert error.max() <= tolerance


def test_interlaced_png() -> None:
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2)]  # fmt: skip
    for width, height in ((96, 64), (33, 35)):
        rgb = picture(width, height)
        raw = b"".join(png_rows(rgb[y::dy, x::dx]) for x, y, dx, dy in passes)
        photo = read_photo(png(width, height, raw, interlace=1))
        np.testing.assert_array_equal(photo.rgb, rgb)


def test_a_picture_larger_than_a_band_is_whole() -> None:
    rgb = picture(1300, 1000)
    for format in ("PNG", "BMP"):
        np.testing.assert_array_equal(read_photo(encoded(rgb, format)).rgb, rgb)
    turned = encoded(rgb, "PNG", exif=exif(6))
    np.testing.assert_array_equal(read_photo(turned).rgb, np.rot90(rgb, -1))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP"])
def test_the_compatible_limits_take_the_documented_formats(format: str) -> None:
    assert read_photo(encoded(RGB, format), COMPATIBLE_LIMITS).format == format


@pytest.mark.parametrize("side", [1, 2, 7, 8, 9, 17])
def test_tiny_pictures(side: int) -> None:
    for format in ("JPEG", "PNG", "BMP", "WEBP", "AVIF"):
        photo = read_photo(encoded(picture(side, 3), format), Limits(min_side=1))
        assert (photo.width, photo.height) == (side, 3)
