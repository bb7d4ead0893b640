"""Windows and OS/2 bitmaps (BMP)."""

from __future__ import annotations

import struct

from windstill.photo.containers.base import Admit, Container, Damaged, NotDecodable

MAX_RUN_LENGTH_BYTES = 4 << 20
"""Run-length coded data are unpacked run by run in Python, about a million runs per second."""
MAX_RUN_LENGTH_PIXELS = 16_000_000

_RAW, _RLE8, _RLE4, _BITFIELDS = 0, 1, 2, 3
_COMPRESSIONS = {4: "JPEG inside", 5: "PNG inside", 6: "alpha bit fields", 11: "CMYK colours"}
_HEADERS = (40, 52, 56, 64, 108, 124)


def read(data: bytes, admit: Admit) -> Container:
    """Checks the headers, and that as many bytes follow as the pixels need.

    See the package; raises `Damaged` or `NotDecodable`.
    """
    try:
        (start,) = struct.unpack_from("<I", data, 10)
        (header,) = struct.unpack_from("<I", data, 14)
        if header == 12:
            width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
            compression = _RAW
        elif header in _HEADERS:
            width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        else:
            raise NotDecodable(f"a BMP with a header of {header} bytes")
    except struct.error:
        raise Damaged("it is truncated") from None
    height = abs(height)
    if width <= 0 or not height:
        raise Damaged(f"its size is {width}x{height}")
    admit(width, height)
    if compression in _COMPRESSIONS:
        raise NotDecodable(f"a BMP with {_COMPRESSIONS[compression]}")
    if bits not in (1, 4, 8, 16, 24, 32) or compression > _BITFIELDS:
        raise NotDecodable(f"a BMP with {bits} bits per pixel and compression {compression}")
    if compression in (_RLE8, _RLE4):
        _check_run_length(len(data) - start, width, height)
    elif start + -(-width * bits // 32) * 4 * height > len(data):
        raise Damaged("it is truncated")
    return Container((width, height), data)


def _check_run_length(count: int, width: int, height: int) -> None:
    if count <= 0:
        raise Damaged("it is truncated")
    if count > MAX_RUN_LENGTH_BYTES or width * height > MAX_RUN_LENGTH_PIXELS:
        raise NotDecodable(
            f"a run-length coded BMP of more than {MAX_RUN_LENGTH_BYTES >> 20} MiB or "
            f"{MAX_RUN_LENGTH_PIXELS // 1_000_000} million pixels"
        )
