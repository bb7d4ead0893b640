"""Photos in every form that clients send, made by the tests."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from tests.pictures import china, indoors


@cache
def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A real photo with sky, at the given size."""
    return Image.fromarray(china()).resize((width, height), Image.Resampling.LANCZOS)


@cache
def jpeg(width: int = 96, height: int = 64) -> bytes:
    return coded(scene(width, height), "JPEG", quality=90)


def coded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def variants() -> dict[str, bytes]:
    """One photo as each documented format, in the variants that cameras and tools write."""
    picture = scene()
    grey = np.asarray(picture.convert("L"), np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "jpeg": jpeg(),
        "jpeg progressive": coded(picture, "JPEG", progressive=True),
        "jpeg cmyk": coded(picture.convert("CMYK"), "JPEG"),
        "jpeg grey": coded(picture.convert("L"), "JPEG"),
        "jpeg rotated": coded(picture, "JPEG", exif=exif),
        "png": coded(picture, "PNG"),
        "png 16 bit grey": coded(Image.fromarray(grey), "PNG"),
        "png palette": coded(picture.quantize(), "PNG"),
        "png alpha": coded(picture.convert("RGBA"), "PNG"),
        "png grey": coded(picture.convert("L"), "PNG"),
        "bmp 24 bit": coded(picture, "BMP"),
        "bmp 32 bit": coded(picture.convert("RGBA"), "BMP"),
    }


def of_size(count: int) -> bytes:
    """A valid JPEG of exactly `count` bytes: the rest are comments, as editors leave them."""
    start, rest = jpeg()[:2], jpeg()[2:]
    missing = count - len(jpeg())
    comments = bytearray()
    while missing > 0:
        # No remainder shorter than a segment of its own may be left.
        size = missing if missing <= 65_000 else min(65_000, missing - 100)
        comments += b"\xff\xfe" + (size - 2).to_bytes(2, "big") + bytes(size - 4)
        missing -= size
    made = start + bytes(comments) + rest
    assert len(made) == count
    return made


def plain(width: int = 96, height: int = 64) -> Image.Image:
    """A picture with neither sky nor hair."""
    return Image.fromarray(indoors()).resize((width, height), Image.Resampling.LANCZOS)
