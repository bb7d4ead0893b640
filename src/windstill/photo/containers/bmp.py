"""Windows and OS/2 bitmaps (BMP): their headers, and that all pixels are there.

Windows: the structures BITMAPCOREHEADER to BITMAPV5HEADER of its documentation; OS/2 2.x:
OS2BITMAPHEADER of "OS/2 Presentation Manager Programming Reference". `bmp_pixels` decodes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from windstill.photo.containers.base import Admit, Container, Damaged, NotDecodable, incomplete

MAX_RUN_LENGTH_BYTES = 4 << 20
"""Run-length coded data are unpacked run by run in Python, about a million runs per second."""
MAX_RUN_LENGTH_PIXELS = 16_000_000

Masks = tuple[int, int, int, int]
"""Where red, green, blue and alpha stand in a pixel; 0 where there is none."""

_FILE_HEADER, _CORE, _INFO, _V2, _V3 = 14, 12, 40, 52, 56
_WINDOWS = (_INFO, _V2, _V3, 108, 124)
_OS2_SIZES = range(16, 65)
_RAW, _RLE8, _RLE4, _BITFIELDS, _JPEG, _PNG, _ALPHA_BITFIELDS = range(7)
_OS2_HUFFMAN, _OS2_RLE24 = 3, 4
_INSIDE = {_JPEG: "a JPEG inside", _PNG: "a PNG inside"}
_DEFAULT_MASKS: dict[int, Masks] = {
    16: (0x7C00, 0x3E0, 0x1F, 0),
    24: (0xFF0000, 0xFF00, 0xFF, 0),
    32: (0xFF0000, 0xFF00, 0xFF, 0),
}


@dataclass(frozen=True)
class Bitmap:
    """What the headers say.

    width, height: pixels. bits: per pixel. runs: bits per pixel of the run-length coding, 0 for
    none. bottom_up: whether the last row comes first. masks: of pixels of 16 bits and more.
    palette: where it stands, its colours' count and bytes of each. start: where the pixels begin.
    """

    width: int
    height: int
    bits: int
    runs: int
    bottom_up: bool
    masks: Masks
    palette: tuple[int, int, int]
    start: int

    @property
    def stride(self) -> int:
        """Bytes from one row to the next."""
        return -(-self.width * self.bits // 32) * 4


def read(data: bytes, admit: Admit) -> Container:
    """Checks the headers, and that as many bytes follow as the pixels need.

    See the package; raises `Damaged` or `NotDecodable`.
    """
    bitmap = read_headers(data, admit)
    there = len(data) - bitmap.start
    if there <= 0:
        raise Damaged("it has no picture data")
    pixels = bitmap.width * bitmap.height
    if bitmap.runs:
        if there > MAX_RUN_LENGTH_BYTES or pixels > MAX_RUN_LENGTH_PIXELS:
            raise NotDecodable(
                f"a run-length coded BMP of more than {MAX_RUN_LENGTH_BYTES >> 20} MiB or "
                f"{MAX_RUN_LENGTH_PIXELS // 1_000_000} million pixels"
            )
    else:
        # The last row is there without the bytes that fill it up.
        last = -(-bitmap.width * bitmap.bits // 8)
        needed = bitmap.stride * (bitmap.height - 1) + last
        if there < needed:
            raise incomplete(there / needed)
    return Container((bitmap.width, bitmap.height), data)


def read_headers(data: bytes, admit: Admit) -> Bitmap:
    """All of the headers. Raises `Damaged` or `NotDecodable`, and what `admit` raises."""
    try:
        (start,) = struct.unpack_from("<I", data, 10)
        (header,) = struct.unpack_from("<I", data, _FILE_HEADER)
        if header == _CORE:
            width, height, bits = struct.unpack_from("<HH2xH", data, 18)
            compression, colours = _RAW, 0
        elif header in _WINDOWS or header in _OS2_SIZES:
            # OS/2 allows a header to end early; what it lacks is zero.
            fields = data[18 : _FILE_HEADER + header].ljust(36, b"\0")
            width, height, bits, compression, colours = struct.unpack_from("<ii2xHI12xI", fields)
        else:
            raise NotDecodable(f"a BMP with a header of {header} bytes")
    except struct.error:
        raise Damaged("it is truncated") from None
    if width <= 0 or not height:
        raise Damaged(f"its size is {width}x{abs(height)}")
    admit(width, abs(height))
    os2 = header in _OS2_SIZES and header not in _WINDOWS
    runs = _runs(bits, compression, os2)
    masks, masks_end = _masks(data, header, bits, compression, os2)
    entry = 3 if header == _CORE else 4
    count = min(colours or 1 << bits, 1 << bits) if bits <= 8 else 0
    # 0 says that the pixels follow at once.
    start = start or masks_end + count * entry
    count = max(0, min(count, (min(start, len(data)) - masks_end) // entry))
    if bits <= 8 and not count:
        raise Damaged("its palette is missing")
    palette = masks_end, count, entry
    return Bitmap(width, abs(height), bits, runs, height > 0, masks, palette, start)


def _runs(bits: int, compression: int, os2: bool) -> int:
    """Bits per pixel of the run-length coding, 0 for none."""
    if os2 and compression == _OS2_HUFFMAN:
        raise NotDecodable("a BMP coded as a fax")
    if os2 and compression == _OS2_RLE24:
        compression, coded = _RLE8, 24
    elif compression in _INSIDE:
        raise NotDecodable(f"a BMP with {_INSIDE[compression]}")
    else:
        coded = {_RLE8: 8, _RLE4: 4}.get(compression, 0)
    fits = {_RAW: (1, 2, 4, 8, 16, 24, 32), _BITFIELDS: (16, 32), _ALPHA_BITFIELDS: (16, 32)}
    if bits not in fits.get(compression, (coded,)):
        raise NotDecodable(f"a BMP with {bits} bits per pixel and compression {compression}")
    return coded


def _masks(data: bytes, header: int, bits: int, compression: int, os2: bool) -> tuple[Masks, int]:
    """The masks, and where headers and masks end; those of a long header count as well."""
    end = _FILE_HEADER + header
    words = data[_FILE_HEADER + _INFO : _FILE_HEADER + _V3]
    if header == _INFO and compression in (_BITFIELDS, _ALPHA_BITFIELDS):
        words = words[: 12 if compression == _BITFIELDS else 16]
        end += len(words)
    elif os2 or header in (_CORE, _INFO):
        words = b""
    elif header == _V2:
        words = words[:12]
    stated = struct.unpack("<4I", words.ljust(16, b"\0"))
    red, green, blue, alpha = (mask & ((1 << bits) - 1) for mask in stated)
    if compression not in (_BITFIELDS, _ALPHA_BITFIELDS):
        # Browsers take no more than alpha from a header that states masks for nothing.
        red, green, blue, _ = _DEFAULT_MASKS.get(bits, (0, 0, 0, 0))
        alpha = alpha if bits == 32 and header > _V3 else 0
    masks = red, green, blue, alpha
    if any(mask & (mask + (mask & -mask)) for mask in masks):
        raise Damaged("the bits of its colours are torn apart")
    if bits > 8 and not red | green | blue:
        raise Damaged("it has no bits for its colours")
    return masks, end
