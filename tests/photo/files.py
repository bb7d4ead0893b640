"""Pictures and files that these tests make themselves."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

U8 = NDArray[np.uint8]


def picture(width: int = 96, height: int = 64) -> U8:
    """A smooth picture without symmetry: a gradient per channel, one bright and one dark corner."""
    y, x = np.mgrid[0:height, 0:width]
    red = 40 + 180 * x / width
    green = 220 - 150 * y / height
    blue = 128 + 60 * np.sin(x / 17) * np.cos(y / 11)
    rgb = np.stack([red, green, blue], axis=-1).astype(np.uint8)
    rgb[: height // 4, : width // 4] = (240, 30, 30)
    rgb[-height // 4 :, : width // 6] = (20, 30, 120)
    return rgb


def encoded(image: Image.Image | U8, format: str, **options: Any) -> bytes:
    """`image` as a file of `format`."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def exif(orientation: int, *, kind: str = "H", order: str = "<") -> bytes:
    """An EXIF block that holds an orientation only."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    number = {"B": 1, "H": 3, "I": 4}[kind]
    value = struct.pack(order + kind, orientation).ljust(4, b"\0")
    entry = struct.pack(order + "HHI", 0x0112, number, 1) + value
    return b"Exif\0\0" + mark + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(
    width: int,
    height: int,
    raw: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    before: bytes = b"",
    interlace: int = 0,
) -> bytes:
    """A PNG out of rows that already hold their filter bytes."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + before
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def png_rows(samples: NDArray[Any]) -> bytes:
    """Samples (H, W, ...) of 8 or 16 bits as unfiltered rows."""
    big = samples.astype(">u2") if samples.dtype == np.uint16 else samples
    return b"".join(b"\0" + row.tobytes() for row in big)


def with_chunk(file: bytes, extra: bytes) -> bytes:
    """A PNG with `extra` chunks behind its header."""
    return file[:33] + extra + file[33:]


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(file: bytes, extra: bytes) -> bytes:
    """A JPEG with `extra` segments behind its start."""
    return file[:2] + extra + file[2:]


def bmp(width: int, height: int, bits: int, body: bytes, *, compression: int = 0,
        palette: bytes = b"", masks: bytes = b"", header: int = 40) -> bytes:  # fmt: skip
    """A Windows bitmap out of rows as they are stored."""
    start = 14 + header + len(masks) * (header == 40) + len(palette)
    info = struct.pack(
        "<IiiHHIIiiII", header, width, height, 1, bits, compression, len(body), 2835, 2835,
        len(palette) // 4, 0,
    )  # fmt: skip
    tail = masks.ljust(header - 40, b"\0") if header > 40 else masks
    size = start + len(body)
    return b"BM" + struct.pack("<IHHI", size, 0, 0, start) + info + tail + palette + body


def swapping_profile() -> bytes:
    """An ICC profile whose red is sRGB's green, green its blue, and blue its red."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    (count,) = struct.unpack_from(">I", data, 128)
    for index in range(count):
        at = 132 + 12 * index
        places[bytes(data[at : at + 4])] = at
    red, green, blue = (bytes(data[places[tag] + 4 :][:8]) for tag in (b"rXYZ", b"gXYZ", b"bXYZ"))
    for tag, value in ((b"rXYZ", green), (b"gXYZ", blue), (b"bXYZ", red)):
        data[places[tag] + 4 : places[tag] + 12] = value
    return bytes(data)


def grey_profile(gamma: float) -> bytes:
    """An ICC profile for grey with a pure power curve."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    tags = [(b"wtpt", white), (b"kTRC", curve)]
    offset = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags:
        table += struct.pack(">4sII", name, offset + len(bodies), len(body))
        bodies += body
    size = 128 + len(table) + len(bodies)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + bodies
