"""Seeds mutated by chance: nothing but photos within the limits and errors of the tree."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from tests.photo.files import encoded, exif, picture, swapping_profile
from windstill.errors import InvalidPhoto
from windstill.photo import Limits, read_photo

LIMITS = Limits(min_side=1, max_pixels=4_000_000)
WORDS = (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"\xff\xd8", b"\xff\xd9",
         b"\xff\xda", b"IDAT", b"IEND", b"VP8L", b"ANMF", b"iloc", b"\xff\xff\xff\xff")  # fmt: skip


def seeds() -> list[bytes]:
    rgb = picture(80, 56)
    rgba = np.dstack([rgb, rgb[..., 0]])
    extras = {"exif": exif(6), "icc_profile": swapping_profile()}
    animated = {"save_all": True, "append_images": [picture_image(255 - rgb)]}
    return [
        encoded(rgb, "JPEG", **extras),
        encoded(rgb, "JPEG", progressive=True, restart_marker_rows=2),
        encoded(picture_image(rgb).convert("CMYK"), "JPEG"),
        encoded(rgba, "PNG", **extras),
        encoded(picture_image(rgb).quantize(16), "PNG", transparency=bytes(range(16))),
        encoded(rgb, "PNG", **animated),
        encoded(rgb, "BMP"),
        encoded(picture_image(rgb).quantize(200), "BMP"),
        encoded(rgba, "WEBP", **extras),
        encoded(rgb, "WEBP", lossless=True, **animated),
        encoded(rgba, "AVIF", speed=10, **extras),
        encoded(rgb, "AVIF", speed=10, **animated),
    ]


def picture_image(rgb: np.ndarray) -> object:
    from PIL import Image

    return Image.fromarray(rgb)


def mutated(seed: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """One to eight changes: bits, words, cuts, doubled or deleted parts, parts of other files."""
    data = bytearray(seed)
    for _ in range(int(rng.integers(1, 9))):
        # Half of the changes go into the first bytes, where the structure is.
        span = len(data) if rng.random() < 0.5 else min(len(data), 400)
        at = int(rng.integers(0, max(1, span)))
        length = int(rng.integers(1, 40))
        match int(rng.integers(0, 7)):
            case 0:
                data[at : at + 1] = bytes([data[at] ^ (1 << int(rng.integers(8)))]) if data else b""
            case 1:
                data[at : at + 1] = rng.bytes(1)
            case 2:
                word = WORDS[int(rng.integers(len(WORDS)))]
                data[at : at + len(word)] = word
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + length]
            case 5:
                other = others[int(rng.integers(len(others)))]
                start = int(rng.integers(len(other)))
                data[at : at + length] = other[start : start + length]
            case _:
                if rng.random() < 0.2:
                    del data[at:]
    if data[:8] == b"\x89PNG\r\n\x1a\n" and rng.random() < 0.8:
        return with_right_checksums(bytes(data))
    return bytes(data)


def with_right_checksums(data: bytes) -> bytes:
    """A PNG whose chunks pass their check, so that the change reaches what is behind it."""
    out, at = data[:8], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(data):
            break
        out += data[at:end] + zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return out + data[at:]


def feed(count: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    files = seeds()
    outcomes: dict[str, int] = {}
    for number in range(count):
        data = mutated(files[number % len(files)], files, rng)
        try:
            photo = read_photo(data, LIMITS)
            assert photo.rgb.size <= 3 * LIMITS.max_pixels
            outcome = "photo"
        except InvalidPhoto as error:
            outcome = type(error).__name__
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def test_fifteen_hundred_mutations() -> None:
    outcomes = feed(1500, seed=2)
    assert outcomes["photo"] > 50
    assert outcomes["CorruptPhoto"] > 300


@pytest.mark.slow
def test_twenty_thousand_mutations() -> None:
    outcomes = feed(20_000, seed=3)
    assert outcomes["photo"] > 700
    assert outcomes["CorruptPhoto"] > 4000
