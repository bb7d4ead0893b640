"""Files as Chromium shows them: whatever it shows whole is a photo, with the same pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from tests.photo.browser import Browser, browser
from tests.photo.files import (
    bmp,
    chunk,
    encoded,
    exif,
    picture,
    png,
    png_rows,
    segment,
    with_chunk,
    with_segment,
)
from windstill.photo import read_photo

RGB = picture()
GREY = RGB[..., 0].copy()
CHANCE = np.random.default_rng(3)
NOISE = CHANCE.integers(0, 256, (64, 96, 3), dtype=np.uint8)
PALETTE = np.pad(CHANCE.integers(0, 256, (256, 3), dtype=np.uint8), ((0, 0), (0, 1))).tobytes()
INDICES = CHANCE.integers(0, 256, (64, 95), dtype=np.uint8)
WORDS = CHANCE.bytes(64 * 96 * 4)
PNG = encoded(NOISE, "PNG")
CODINGS = ["plain", "passes", "restarts"]
IDAT = PNG.index(b"IDAT") - 4


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def masks(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def rows(indices: np.ndarray, bits: int = 8) -> bytes:
    """Indices as the rows of a bitmap, from the last one on."""
    stride = -(-indices.shape[1] * bits // 32) * 4
    padded = np.zeros((len(indices), stride * 8 // bits), np.uint8)
    padded[:, : indices.shape[1]] = indices & ((1 << bits) - 1)
    shifts = np.arange(8 - bits, -1, -bits)
    packed = (padded.reshape(len(indices), stride, -1) << shifts).sum(axis=2).astype(np.uint8)
    return packed[::-1].tobytes()


def core(bits: int, body: bytes, palette: bytes = b"") -> bytes:
    """An OS/2 1.x bitmap."""
    start = 26 + len(palette)
    head = struct.pack("<IHHIIHHHH", start + len(body), 0, 0, start, 12, 95, 64, 1, bits)
    return b"BM" + head + palette + body


def os2(size: int, bits: int, body: bytes, palette: bytes = b"", compression: int = 0) -> bytes:
    """An OS/2 2.x bitmap of 95 by 64 pixels, with a header of `size` bytes."""
    info = struct.pack("<IiiHHIIiiII", size, 95, 64, 1, bits, compression, 0, 0, 0, 0, 0)
    start = 14 + size + len(palette)
    file = struct.pack("<IHHI", start + len(body), 0, 0, start)
    return b"BM" + file + info.ljust(size, b"\0")[:size] + palette + body


def runs(bits: int) -> bytes:
    """Run-length coding with runs, literal pixels, jumps and pixels that are left out."""
    out = b""
    for row in range(50):
        for start in (0, 40):
            out += bytes([25 + start // 8, *[row * 5 % 256] * (3 if bits == 24 else 1)])
            literal = bytes((row + index) % 256 for index in range(5 * bits // 8 + 1))
            literal = literal[: -(-5 * bits // 8)]
            out += bytes([0, 5]) + literal + b"\0" * (len(literal) % 2)
        out += b"\0\2\3\0\2\7\7\7"[: 4 if bits == 24 else 6] + b"\0\0"
    return out + b"\0\2\5\4" + bytes([20, *[9] * (3 if bits == 24 else 1), 0, 1])


def bit_fields(bits: int, *values: int, header: int = 40, compression: int = 3) -> bytes:
    body = WORDS[: 64 * 96 * bits // 8]
    return bmp(96, 64, bits, body, compression=compression, masks=masks(*values), header=header)


def progressive(scans: int) -> bytes:
    """The first scans of ten."""
    file = encoded(NOISE, "JPEG", progressive=True)
    at = 0
    for _ in range(scans + 1):
        at = file.index(b"\xff\xda", at + 2)
    return file[:at] + b"\xff\xd9"


def reordered(checksum: bytes) -> bytes:
    """A PNG whose zlib stream has another checksum."""
    length = int.from_bytes(PNG[IDAT : IDAT + 4], "big")
    stream = PNG[IDAT + 8 : IDAT + 8 + length - 4] + checksum
    return PNG[:IDAT] + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


FILES: list[tuple[str, str, Callable[[], bytes]]] = [
    ("PNG without its end", "png", lambda: PNG[:-12]),
    ("PNG with half an end", "png", lambda: PNG[:-5]),
    ("PNG of a wrong Adler-32", "png", lambda: reordered(b"abcd")),
    ("PNG without Adler-32", "png", lambda: reordered(b"")),
    ("PNG of a wrong CRC", "png", lambda: PNG[:-16] + b"abcd" + PNG[-12:]),
    ("PNG cut in its CRC", "png", lambda: PNG[:-14]),
    ("PNG cut in its Adler-32", "png", lambda: PNG[:-18]),
    ("PNG grey with a palette", "png", lambda: png(96, 64, png_rows(GREY), colour=0,
     before=chunk(b"PLTE", bytes(30)))),
    ("PNG grey and alpha with a palette", "png", lambda: png(96, 64, png_rows(
     np.dstack([GREY, GREY])), colour=4, before=chunk(b"PLTE", bytes(30)))),
    ("PNG colour with a broken palette", "png", lambda: with_chunk(PNG, chunk(b"PLTE", b"1234"))),
    ("PNG palette of ten colours, pixels of more", "png", lambda: png(96, 64, png_rows(GREY),
     colour=3, before=chunk(b"PLTE", bytes(range(30))))),
    ("PNG palette and a half", "png", lambda: png(96, 64, png_rows(GREY), colour=3,
     before=chunk(b"PLTE", bytes(range(31))))),
    ("PNG with an optional chunk of an odd name", "png",
     lambda: with_chunk(PNG, chunk(b"a1b2", b""))),
    ("JPEG", "jpeg", lambda: encoded(NOISE, "JPEG")),
    ("JPEG with an empty EXIF segment first", "jpeg", lambda: with_segment(encoded(NOISE, "JPEG"),
     segment(0xE1, b"Exif\0\0") + segment(0xE1, exif(6)))),
    *((f"JPEG, progressive, {scans} of 10 scans", "jpeg",
       lambda scans=scans: progressive(scans)) for scans in range(1, 10)),
    ("WebP", "webp", lambda: encoded(NOISE, "WEBP")),
    ("BMP 16, plain", "bmp", lambda: bmp(96, 64, 16, WORDS[:12288])),
    ("BMP 16, 4-4-4", "bmp", lambda: bit_fields(16, 0xF00, 0xF0, 0xF)),
    ("BMP 16, 4-4-4-4", "bmp", lambda: bit_fields(16, 0xF00, 0xF0, 0xF, 0xF000, header=56)),
    ("BMP 16, alpha bit fields", "bmp",
     lambda: bit_fields(16, 0xF00, 0xF0, 0xF, 0xF000, compression=6)),
    ("BMP 16, 1-5-5-5", "bmp", lambda: bit_fields(16, 0x7C00, 0x3E0, 0x1F, 0x8000, header=108)),
    ("BMP 16, 5-6-5", "bmp", lambda: bit_fields(16, 0xF800, 0x7E0, 0x1F)),
    ("BMP 32, 10-10-10", "bmp", lambda: bit_fields(32, 0x3FF00000, 0xFFC00, 0x3FF)),
    ("BMP 32, 10-10-10-2", "bmp",
     lambda: bit_fields(32, 0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000, header=108)),
    ("BMP 32, red first", "bmp", lambda: bit_fields(32, 0xFF, 0xFF00, 0xFF0000, header=52)),
    ("BMP 32, red first, with alpha", "bmp",
     lambda: bit_fields(32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000, header=124)),
    ("BMP 32, odd widths", "bmp", lambda: bit_fields(32, 0x7F00, 0x1FF0000, 3)),
    ("BMP 32, fields that overlap", "bmp", lambda: bit_fields(32, 0xFF, 0xFF, 0xFF0000)),
    ("BMP 32, alpha without bit fields", "bmp",
     lambda: bit_fields(32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000, header=124, compression=0)),
    ("BMP 32, plain", "bmp", lambda: bmp(96, 64, 32, WORDS)),
    ("BMP runs of 8 bits", "bmp", lambda: bmp(95, 64, 8, runs(8), compression=1, palette=PALETTE)),
    ("BMP runs of 8 bits, top down", "bmp",
     lambda: bmp(95, -64, 8, runs(8), compression=1, palette=PALETTE)),
    ("BMP runs of 4 bits", "bmp",
     lambda: bmp(95, 64, 4, runs(4), compression=2, palette=PALETTE[:64])),
    ("BMP OS/2, runs of 24 bits", "bmp", lambda: os2(64, 24, runs(24), compression=4)),
    *((f"BMP {bits} bits", "bmp", lambda bits=bits: bmp(95, 64, bits, rows(INDICES, bits),
       palette=PALETTE[: 4 << bits])) for bits in (1, 2, 4, 8)),
    *((f"BMP OS/2 1.x, {bits} bits", "bmp", lambda bits=bits: core(bits, rows(INDICES, bits),
       CHANCE.bytes(3 << bits))) for bits in (1, 4, 8)),
    ("BMP OS/2 1.x, 24 bits", "bmp", lambda: core(24, WORDS[: 288 * 64])),
    *((f"BMP OS/2 2.x, header of {size}", "bmp", lambda size=size: os2(
       size, 8, rows(INDICES), PALETTE)) for size in (64, 46, 16)),
    ("BMP of fewer colours than indices", "bmp",
     lambda: bmp(95, 64, 8, rows(INDICES), palette=PALETTE[:320])),
    ("BMP 24 with a palette", "bmp", lambda: bmp(96, 64, 24, WORDS[: 288 * 64],
     palette=PALETTE[:64])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "make"), [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in FILES]
)
def test_the_pixels_of_chromium(chromium: Browser, kind: str, make: Callable[[], bytes]) -> None:
    file = make()
    shown = chromium.show(file, kind)
    assert shown is not None
    difference = np.abs(read_photo(file).rgb.astype(int) - shown)
    # Chromium shows progressive files pass by pass, and rounds otherwise.
    assert difference.max() <= (4 if b"\xff\xc2" in file[:1000] and kind == "jpeg" else 0)


def test_what_chromium_refuses_may_be_refused(chromium: Browser) -> None:
    torn = bit_fields(32, 0xF0F, 0xFF0000, 0xFF000000)
    for file, kind in (
        (with_chunk(PNG, chunk(b"ABCD", b"")), "png"),
        (PNG[:29] + b"abcd" + PNG[33:], "png"),
        (torn, "bmp"),
        (bmp(96, 64, 64, WORDS * 2), "bmp"),
    ):
        assert chromium.show(file, kind) is None


@pytest.mark.parametrize("ending", [b"", b"\0\0", b"\xff", b"\0" * 500], ids=repr)
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=CODINGS
)
def test_a_jpeg_needs_no_end(options: dict[str, object], ending: bytes) -> None:
    """Chromium shows it too, but not all of its last rows."""
    file = encoded(NOISE, "JPEG", **options)
    whole = read_photo(file).rgb
    np.testing.assert_array_equal(read_photo(file[:-2] + ending).rgb, whole)


def test_a_bitmap_needs_no_filling_behind_its_last_row() -> None:
    rgb = RGB[:, :95]
    body = b"".join(row.tobytes() + bytes(3) for row in rgb[::-1, :, ::-1])
    np.testing.assert_array_equal(read_photo(bmp(95, 64, 24, body[:-3])).rgb, rgb)


@pytest.mark.parametrize("start", ["24 bits", "8 bits", "bit fields", "OS/2"])
def test_pixels_that_are_said_to_begin_at_0_follow_the_header(start: str) -> None:
    file = {
        "24 bits": bmp(96, 64, 24, WORDS[: 288 * 64]),
        "8 bits": bmp(95, 64, 8, rows(INDICES), palette=PALETTE),
        "bit fields": bit_fields(32, 0xFF, 0xFF00, 0xFF0000),
        "OS/2": core(8, rows(INDICES), CHANCE.bytes(768)),
    }[start]
    unsaid = file[:10] + bytes(4) + file[14:]
    np.testing.assert_array_equal(read_photo(unsaid).rgb, read_photo(file).rgb)


def test_the_first_exif_that_says_something_counts() -> None:
    empty = chunk(b"eXIf", b"")
    turned = with_chunk(encoded(RGB, "PNG"), empty + chunk(b"eXIf", exif(6)[6:]))
    np.testing.assert_array_equal(read_photo(turned).rgb, np.rot90(RGB, -1))


def test_a_picture_with_alpha_of_zeros_is_shown() -> None:
    """Chromium takes it for clear; programs that forget the fourth byte mean the picture."""
    pixels = np.dstack([NOISE[::-1, :, ::-1], np.zeros((64, 96), np.uint8)]).tobytes()
    for compression in (0, 3):
        file = bmp(96, 64, 32, pixels, compression=compression, header=124,
                   masks=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000))  # fmt: skip
        np.testing.assert_array_equal(read_photo(file).rgb, NOISE)


def test_webp_whose_last_chunks_are_cut() -> None:
    file = encoded(Image.fromarray(NOISE), "WEBP", exif=exif(1))
    whole = read_photo(file).rgb
    np.testing.assert_array_equal(read_photo(file[:-4]).rgb, whole)
