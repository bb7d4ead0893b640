"""JPEG files as segments: a still picture made, told from others, and given metadata."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_START, _END = b"\xff\xd8", b"\xff\xd9"
_APP0, _APP1, _APP15, _SCAN = 0xE0, 0xE1, 0xEF, 0xDA
_FRAMES = (0xC0, 0xC2)
_TABLES = (0xC4, 0xDB, 0xDD)
QUALITY = 95
"""Nothing is seen of one such coding; the file is about as large as a camera's."""


def as_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """A picture, uint8 RGB (H, W, 3), as a JPEG with full colour and nothing else in it."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()


def is_plain_jpeg(data: bytes) -> bool:
    """Whether a file is a JFIF picture in colour with no metadata at all, and ends where it ends.

    Such a file shows the same everywhere, and tells nothing of who made it.
    """
    if not data.startswith(_START) or not data.endswith(_END) or data.count(_START + b"\xff") != 1:
        return False
    position, jfif, colours = 2, False, 0
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker, length = (
            data[position + 1],
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        body = data[position + 4 : position + 2 + length]
        if marker == _SCAN:
            return jfif and colours == 3
        if marker == _APP0 and not jfif and body.startswith(b"JFIF\0"):
            jfif = True
        elif marker in _FRAMES and len(body) > 5:
            colours = body[5]
        elif marker not in _TABLES:
            return False
        position += 2 + length
    return False


def with_segment(jpeg: bytes, body: bytes) -> bytes:
    """The file with an APP1 segment of this content, where readers look first: behind JFIF's.

    body: at most 65,533 bytes.
    """
    at = 2
    if jpeg[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(jpeg[4:6], "big")
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return jpeg[:at] + segment + jpeg[at:]
