"""Files that are no photo, no complete photo, or a trap: one right error each, and nothing else."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.photo.files import (
    bmp,
    chunk,
    encoded,
    picture,
    png,
    png_rows,
    segment,
    with_chunk,
    with_segment,
)
from windstill.errors import (
    CorruptPhoto,
    InvalidPhoto,
    NotAPhoto,
    PhotoTooLarge,
    PhotoTooSmall,
    UnsupportedFormat,
)
from windstill.photo import COMPATIBLE_LIMITS, Limits, read_photo

RGB = picture()
NOISE = np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8)
JPEG = encoded(RGB, "JPEG")
PROGRESSIVE = encoded(RGB, "JPEG", progressive=True)
PNG = encoded(RGB, "PNG")
BMP = encoded(RGB, "BMP")
WEBP = encoded(RGB, "WEBP")
AVIF = encoded(RGB, "AVIF")
ALLOWED = "JPEG, PNG, BMP, WEBP, AVIF or HEIC"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", JPEG)
    return file.getvalue()


def brand(major: bytes, *others: bytes) -> bytes:
    body = major + bytes(4) + b"".join(others)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + b"\0" * 64


def header_only(width: int, height: int) -> bytes:
    """The 94-byte PNG whose data end at once: a decoder that trusts it makes 24.9 megapixels."""
    return png(width, height, b"")


def lying_avif() -> bytes:
    file = encoded(np.zeros((1200, 1200, 3), np.uint8), "AVIF", speed=10)
    at = file.index(b"ispe") + 8
    return file[:at] + struct.pack(">II", 64, 64) + file[at + 8 :]


def scans(count: int) -> bytes:
    start = PROGRESSIVE.rindex(b"\xff\xda")
    last = PROGRESSIVE[start:-2]
    return PROGRESSIVE[:-2] + last * count + b"\xff\xd9"


def cut_first_scan(share: float) -> bytes:
    """A progressive JPEG that ends in the scan that holds a first approximation of all pixels."""
    large = np.random.default_rng(2).integers(0, 256, (800, 400, 3), dtype=np.uint8)
    file = encoded(large, "JPEG", progressive=True)
    first = file.index(b"\xff\xda")
    second = file.index(b"\xff\xc4", first)
    return file[: first + int((second - first) * share)]


def patched(file: bytes, at: int, new: bytes) -> bytes:
    return file[:at] + new + file[at + len(new) :]


def patched_header(at: int, new: bytes) -> bytes:
    """PNG with a changed header whose checksum fits."""
    body = patched(PNG[16:29], at, new)
    return PNG[:8] + chunk(b"IHDR", body) + PNG[33:]


def frame_header(new: dict[int, int]) -> bytes:
    at = JPEG.index(b"\xff\xc0") + 4
    body = bytearray(JPEG[at : at + 15])
    for offset, value in new.items():
        body[offset] = value
    return patched(JPEG, at, bytes(body))


def vp8x(width: int, height: int, *chunks: bytes, flags: int = 2) -> bytes:
    header = bytes([flags, 0, 0, 0])
    header += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + header + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def cut_webp() -> bytes:
    body = WEBP[20 : len(WEBP) * 3 // 4 & ~1]
    head = b"WEBPVP8 " + struct.pack("<I", len(body))
    return b"RIFF" + struct.pack("<I", len(head) + len(body)) + head + body


BAD: list[tuple[str, bytes, type[InvalidPhoto]]] = [
    # Not pictures at all.
    ("text", b"Dear sir, please find my photo attached." * 9, NotAPhoto),
    ("text that starts like a bitmap", b"BMW is a maker of cars and motorcycles.", NotAPhoto),
    ("HTML", b"<!DOCTYPE html><html><body>404</body></html>", NotAPhoto),
    ("XML", b"<?xml version='1.0'?><note>svg</note>", NotAPhoto),
    ("JSON", b'{"error_code": 404}', NotAPhoto),
    ("zip", zipped(), NotAPhoto),
    ("ELF", b"\x7fELF\x02\x01\x01" + bytes(99), NotAPhoto),
    ("gzip", b"\x1f\x8b\x08" + bytes(99), NotAPhoto),
    ("zeros", bytes(5000), NotAPhoto),
    ("one byte", b"\xff", NotAPhoto),
    ("two bytes of a JPEG", b"\xff\xd8", NotAPhoto),
    ("noise", np.random.default_rng(7).bytes(5000), NotAPhoto),
    ("base64", b"iVBORw0KGgoAAAANSUhEUgAA", NotAPhoto),
    ("data URL", b"data:image/png;base64,iVBORw0KGgo=", NotAPhoto),
    ("wave sound", b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), NotAPhoto),
    # Other kinds of pictures, films and pages.
    ("GIF", encoded(RGB, "GIF"), UnsupportedFormat),
    ("TIFF", encoded(RGB, "TIFF"), UnsupportedFormat),
    ("big-endian TIFF", b"MM\0*" + bytes(50), UnsupportedFormat),
    ("ICO", encoded(RGB, "ICO"), UnsupportedFormat),
    ("JPEG 2000", encoded(RGB, "JPEG2000"), UnsupportedFormat),
    ("PDF", encoded(RGB, "PDF"), UnsupportedFormat),
    ("PPM", encoded(RGB, "PPM"), UnsupportedFormat),
    ("EPS", encoded(RGB, "EPS"), UnsupportedFormat),
    ("DDS", encoded(RGB, "DDS"), UnsupportedFormat),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedFormat),
    ("SVG behind a prolog", b"<?xml version='1.0'?>\n<!-- x --><svg/>", UnsupportedFormat),
    ("Photoshop", b"8BPS\0\1" + bytes(50), UnsupportedFormat),
    ("HEIC", brand(b"heic", b"mif1", b"heic"), UnsupportedFormat),
    ("HEIF", brand(b"mif1", b"heic"), UnsupportedFormat),
    ("MP4", brand(b"isom", b"mp42"), UnsupportedFormat),
    ("QuickTime", brand(b"qt  "), UnsupportedFormat),
    ("Matroska", b"\x1a\x45\xdf\xa3" + bytes(50), UnsupportedFormat),
    ("AVI", b"RIFF\xff\0\0\0AVI LIST" + bytes(50), UnsupportedFormat),
    ("JPEG XL", b"\xff\x0a" + bytes(50), UnsupportedFormat),
    ("OpenEXR", b"v/1\x01" + bytes(50), UnsupportedFormat),
    ("DICOM", bytes(128) + b"DICM" + bytes(50), UnsupportedFormat),
    # Damaged JPEG.
    ("JPEG signature", JPEG[:3], CorruptPhoto),
    ("JPEG header only", JPEG[: JPEG.index(b"\xff\xda")], CorruptPhoto),
    ("JPEG cut in the middle", JPEG[: len(JPEG) // 2], CorruptPhoto),
    ("JPEG cut and ended", JPEG[: len(JPEG) * 3 // 4] + b"\xff\xd9", CorruptPhoto),
    ("JPEG with restarts, cut and ended",
     encoded(NOISE, "JPEG", restart_marker_rows=1)[:-3000] + b"\xff\xd9", CorruptPhoto),
    ("JPEG without data", JPEG[:2] + b"\xff\xd9", CorruptPhoto),
    ("JPEG without frame", JPEG.replace(b"\xff\xc0", b"\xff\xee"), CorruptPhoto),
    ("JPEG of two frames", with_segment(JPEG, JPEG[JPEG.index(b"\xff\xc0") :][:19]), CorruptPhoto),
    ("JPEG of no height", frame_header({1: 0, 2: 0}), CorruptPhoto),
    ("JPEG of 9 components", frame_header({5: 9}), CorruptPhoto),
    ("JPEG with impossible sampling", frame_header({7: 0}), CorruptPhoto),
    ("JPEG of 12 bits", frame_header({0: 12}), UnsupportedFormat),
    ("JPEG, arithmetic", JPEG.replace(b"\xff\xc0", b"\xff\xc9"), UnsupportedFormat),
    ("JPEG, hierarchical", JPEG.replace(b"\xff\xc0", b"\xff\xc5"), UnsupportedFormat),
    ("JPEG, lossless", JPEG.replace(b"\xff\xc0", b"\xff\xc3"), UnsupportedFormat),
    ("JPEG of lying length", with_segment(JPEG, b"\xff\xe5\xff\xff"), CorruptPhoto),
    ("JPEG of segment length 0", with_segment(JPEG, b"\xff\xe5\0\0"), CorruptPhoto),
    ("JPEG without tables", JPEG.replace(b"\xff\xdb", b"\xff\xe5"), CorruptPhoto),
    ("JPEG, too large by header", frame_header({1: 255, 2: 255}), PhotoTooLarge),
    ("JPEG, progressive cut", cut_first_scan(0.5), CorruptPhoto),
    ("JPEG, progressive cut and ended", cut_first_scan(0.5) + b"\xff\xd9", CorruptPhoto),
    ("JPEG, progressive cut a little", cut_first_scan(0.9), CorruptPhoto),
    ("JPEG, a tail of zeros", JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2), CorruptPhoto),
    ("JPEG of 70 scans", scans(70), CorruptPhoto),
    ("JPEG with a flood of segments", with_segment(JPEG, segment(0xE5, b"") * 20_000),
     CorruptPhoto),
    ("JPEG with a flood of tables", with_segment(JPEG, segment(0xDB, bytes(65 * 900)) * 6),
     CorruptPhoto),
    # Damaged PNG.
    ("PNG signature", PNG[:8], CorruptPhoto),
    ("PNG header only", PNG[:33], CorruptPhoto),
    ("PNG cut in the middle", PNG[: len(PNG) // 2], CorruptPhoto),
    ("PNG with blank data of 24.9 megapixels", header_only(4990, 4990), CorruptPhoto),
    ("PNG with one row missing", png(96, 64, png_rows(RGB[:-1])), CorruptPhoto),
    ("PNG without data", PNG[:33] + chunk(b"IEND", b""), CorruptPhoto),
    ("PNG, one bit flipped", patched(PNG, 60, bytes([PNG[60] ^ 1])), CorruptPhoto),
    ("PNG, broken compression", PNG[:33] + chunk(b"IDAT", b"junk" * 9) + chunk(b"IEND", b""),
     CorruptPhoto),
    ("PNG, sent as text", PNG.replace(b"\r\n", b"\n"), CorruptPhoto),
    ("PNG of no width", patched_header(0, bytes(4)), CorruptPhoto),
    ("PNG of negative width", patched_header(0, b"\xff\xff\xff\xff"), CorruptPhoto),
    ("PNG of colour type 5", patched_header(9, b"\x05"), CorruptPhoto),
    ("PNG of 3 bits", patched_header(8, b"\x03"), CorruptPhoto),
    ("PNG of unknown filter method", patched_header(11, b"\x01"), CorruptPhoto),
    ("PNG, filter 9", png(96, 64, png_rows(RGB).replace(b"\0", b"\x09", 1)), CorruptPhoto),
    ("PNG palette without colours", png(96, 64, bytes(97 * 64), colour=3), CorruptPhoto),
    ("PNG palette of 2 bytes", png(96, 64, bytes(97 * 64), colour=3,
     before=chunk(b"PLTE", bytes(2))), CorruptPhoto),
    ("PNG, unknown critical chunk", with_chunk(PNG, chunk(b"ABCD", b"")), CorruptPhoto),
    ("PNG, critical chunk of a wrong name", with_chunk(PNG, chunk(b"\1\2\3\4", b"")),
     CorruptPhoto),
    ("PNG, its header's checksum wrong", patched(PNG, 29, b"abcd"), CorruptPhoto),
    ("PNG, chunk of lying length", with_chunk(PNG, b"\x7f\xff\xff\xfftEXt"), CorruptPhoto),
    ("PNG of Apple", PNG[:8] + chunk(b"CgBI", bytes(4)) + PNG[8:], UnsupportedFormat),
    ("PNG with a flood of chunks", with_chunk(PNG, chunk(b"prVt", b"") * 70_000), CorruptPhoto),
    ("PNG, a bomb of pixels", png(20_000, 20_000, bytes(1000)), PhotoTooLarge),
    ("PNG, too many pixels", png(10_000, 10_000, bytes(1000)), PhotoTooLarge),
    ("PNG, a line", png(4000, 1, bytes(12_001)), PhotoTooSmall),
    # Damaged BMP.
    ("BMP header only", BMP[:54], CorruptPhoto),
    ("BMP cut", BMP[:-1], CorruptPhoto),
    ("BMP cut in its header", BMP[:20], CorruptPhoto),
    ("BMP of no width", patched(BMP, 18, bytes(4)), CorruptPhoto),
    ("BMP of negative width", patched(BMP, 18, b"\xff\xff\xff\xff"), CorruptPhoto),
    ("BMP, too large by header", patched(BMP, 18, struct.pack("<i", 99_999)), PhotoTooLarge),
    ("BMP of 7 bits", patched(BMP, 28, b"\x07\0"), UnsupportedFormat),
    ("BMP with a JPEG inside", patched(BMP, 30, b"\x04\0\0\0"), UnsupportedFormat),
    ("BMP data out of reach", patched(BMP, 10, b"\xff\xff\xff\x7f"), CorruptPhoto),
    ("BMP runs that end early", bmp(96, 64, 8, b"\x60\x01\0\0" * 63 + b"\x05\x01", compression=1,
     palette=bytes(1024)), CorruptPhoto),
    ("BMP of torn bit fields", bmp(96, 64, 32, bytes(4 * 96 * 64), compression=3,
     masks=struct.pack("<III", 0xF0F, 0xFF0000, 0xFF000000)), CorruptPhoto),
    ("BMP without a palette", bmp(96, 64, 8, bytes(96 * 64)), CorruptPhoto),
    ("BMP coded as a fax", patched(patched(BMP, 14, b"\x40"), 30, b"\3"), UnsupportedFormat),
    ("BMP runs too many", bmp(96, 64, 8, bytes(5 << 20), compression=1, palette=bytes(1024)),
     UnsupportedFormat),
    ("BMP of empty bit fields", bmp(96, 64, 32, bytes(4 * 96 * 64), compression=3,
     masks=bytes(12)), CorruptPhoto),
    # Damaged WebP and AVIF.
    ("WebP signature", WEBP[:12], CorruptPhoto),
    ("WebP cut", WEBP[: len(WEBP) // 2], CorruptPhoto),
    ("WebP of a wrong first chunk", patched(WEBP, 12, b"ABCD"), CorruptPhoto),
    ("WebP, a canvas without picture", vp8x(100, 100), CorruptPhoto),
    ("WebP, a canvas of 268 megapixels", vp8x(16_384, 16_384), PhotoTooLarge),
    ("WebP, canvas and picture differ", vp8x(200, 200, WEBP[12:], flags=0), CorruptPhoto),
    ("WebP cut, its lengths adapted", cut_webp(), CorruptPhoto),
    ("AVIF brand only", brand(b"avif", b"mif1"), CorruptPhoto),
    ("AVIF cut", AVIF[: len(AVIF) - 40], CorruptPhoto),
    ("AVIF with data of zeros", AVIF[:-200] + bytes(200), CorruptPhoto),
    ("AVIF of a stated size above the limit", AVIF.replace(
        struct.pack(">II", 96, 64), struct.pack(">II", 96, 70_000)), PhotoTooLarge),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "kind"), [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in BAD]
)
def test_a_bad_file(file: bytes, kind: type[InvalidPhoto]) -> None:
    with pytest.raises(InvalidPhoto) as caught:
        read_photo(file)
    assert type(caught.value) is kind
    message = str(caught.value)
    allowed = {PhotoTooLarge: ("16384", "64,000,000"), PhotoTooSmall: ("16",)}.get(kind, (ALLOWED,))
    assert any(words in message for words in allowed)
    assert len(message) < 300
    assert caught.value.field == "image"


@pytest.mark.parametrize("format", ["WEBP", "AVIF", "GIF", "TIFF"])
def test_a_format_that_the_caller_excludes(format: str) -> None:
    with pytest.raises(UnsupportedFormat) as caught:
        read_photo(encoded(RGB, format), COMPATIBLE_LIMITS)
    assert str(caught.value) == f"The file is of the kind {format}; allowed are JPEG, PNG or BMP."


def test_rare_kinds_of_jpeg_are_named_in_words() -> None:
    with pytest.raises(UnsupportedFormat, match="The file is an arithmetic-coded JPEG, which"):
        read_photo(JPEG.replace(b"\xff\xc0", b"\xff\xc9"))


def test_an_avif_that_hides_its_size_is_measured() -> None:
    with pytest.raises(PhotoTooLarge, match=r"1200x1200.*at most 1000"):
        read_photo(lying_avif(), Limits(max_side=1000))


@pytest.mark.parametrize(
    ("format", "tail"),
    # An end marker; IEND, and the checksums of IDAT and of the zlib stream in it.
    [("JPEG", 2), ("PNG", 12 + 4 + 4), ("BMP", 0), ("WEBP", 0), ("AVIF", 0)],
)
def test_a_file_may_lack_what_is_behind_its_pixels_and_no_more(format: str, tail: int) -> None:
    file = encoded(NOISE, format)
    whole = read_photo(file).rgb
    for missing in range(1, tail + 1):
        np.testing.assert_array_equal(read_photo(file[:-missing]).rgb, whole)
    # A byte or two may hold nothing but the bits that fill up the last one.
    end = len(file) - tail - 2
    for length in {*range(1, 64), *np.linspace(64, end, 60).astype(int).tolist(), end}:
        with pytest.raises(InvalidPhoto):
            read_photo(file[:length])


@pytest.mark.parametrize(
    ("file", "share"),
    [
        (encoded(NOISE, "JPEG")[:-4000], (25, 50)),
        (encoded(NOISE, "JPEG")[:-4000] + bytes(8000), (25, 50)),
        (encoded(NOISE, "JPEG")[:-4000] + b"\xff\xd9", (25, 50)),
        (encoded(NOISE, "JPEG", restart_marker_rows=1)[:-4000], (25, 50)),
        (cut_first_scan(0.5), (40, 55)),
        (png(128, 96, png_rows(NOISE[:24])), (25, 25)),
        (encoded(NOISE, "PNG")[: 128 * 96 * 3 // 2], (48, 52)),
        (encoded(NOISE, "BMP")[: 54 + 128 * 3 * 24], (25, 25)),
        (encoded(NOISE, "WEBP", quality=50)[:-1000], (50, 99)),
    ],
    ids=["cut", "zeros", "ended", "restarts", "progressive", "PNG rows", "PNG", "BMP", "WebP"],
)
def test_a_cut_file_is_told_how_much_of_it_is_there(file: bytes, share: tuple[int, int]) -> None:
    with pytest.raises(CorruptPhoto) as caught:
        read_photo(file)
    found = re.search(r"only (\d+) % of its pixels are there", str(caught.value))
    assert found, caught.value
    assert share[0] <= int(found[1]) <= share[1]


def test_restarts_are_no_place_to_hide_a_cut() -> None:
    for progressive in (False, True):
        file = encoded(NOISE, "JPEG", restart_marker_rows=1, progressive=progressive)
        scan = file.index(b"\xff\xda")
        end = file.index(b"\xff\xc4", scan) if progressive else len(file)
        for found in re.finditer(rb"\xff[\xd0-\xd7]", file[scan:end]):
            for ending in (b"", b"\xff\xd9"):
                for at in (found.start(), found.end()):
                    with pytest.raises(CorruptPhoto):
                        read_photo(file[: scan + at] + ending)


def _exploding(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


@pytest.mark.parametrize(
    "file",
    [
        with_chunk(PNG, chunk(b"iCCP", b"x\0\0" + _exploding(30 << 20)) * 50),
        with_chunk(PNG, chunk(b"zTXt", b"x\0\0" + _exploding(30 << 20)) * 50),
        with_chunk(PNG, chunk(b"iTXt", b"x\0\1\0\0\0" + _exploding(30 << 20)) * 50),
        PNG[:33] + chunk(b"IDAT", b"") * 20_000 + PNG[33:],
        with_segment(JPEG, segment(0xE1, b"Exif\0\0x") * 9000),
        with_segment(JPEG, segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(9)) * 9000),
    ],
    ids=["profiles", "texts", "international texts", "empty data", "EXIF", "profile parts"],
)
def test_bombs_in_metadata_do_no_harm(file: bytes) -> None:
    assert np.abs(read_photo(file).rgb.astype(int) - RGB).mean() < 4


def test_data_beyond_the_pixels_are_not_unpacked() -> None:
    raw = png_rows(RGB) + bytes(30 << 20)
    np.testing.assert_array_equal(read_photo(png(96, 64, raw)).rgb, RGB)


def test_two_files_in_one_show_the_first() -> None:
    other = encoded(Image.new("RGB", (500, 500)), "PNG")
    assert read_photo(PNG + JPEG + zipped()).stored_size == (96, 64)
    assert read_photo(JPEG + other).format == "JPEG"
