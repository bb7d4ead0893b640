"""The pixels of Windows and OS/2 bitmaps.

Our own, as Pillow knows only some of the bit fields and headers. What a file leaves open is taken
as Chromium takes it: skipped pixels are black, and an alpha of zeros everywhere is not meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill.photo.containers.base import incomplete
from windstill.photo.containers.bmp import Bitmap, read_headers

_BAND_PIXELS = 1 << 20
_NIBBLES = [bytes((byte >> 4, byte & 15)) for byte in range(256)]


def open_bitmap(file: IO[bytes]) -> Image.Image:
    """Decodes a file that `bmp.read` has let pass; mode RGB or RGBA. Raises `Damaged`."""
    data = file.read()
    bitmap = read_headers(data, lambda width, height: None)
    if bitmap.runs:
        pixels = _by_palette(bitmap, data, *_unpacked(bitmap, data))
    else:
        pixels = _plain(bitmap, data)
    if pixels.shape[2] == 4 and not pixels[..., 3].any():
        pixels = pixels[..., :3]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _plain(bitmap: Bitmap, data: bytes) -> NDArray[np.uint8]:
    channels = 4 if bitmap.masks[3] else 3
    out = np.empty((bitmap.height, bitmap.width, channels), np.uint8)
    target = out[::-1] if bitmap.bottom_up else out
    body = memoryview(data)[bitmap.start :]
    rows = max(1, _BAND_PIXELS // bitmap.width)
    for top in range(0, bitmap.height, rows):
        count = min(rows, bitmap.height - top)
        band = bytes(body[top * bitmap.stride :][: count * bitmap.stride])
        stored = np.frombuffer(band.ljust(count * bitmap.stride, b"\0"), np.uint8)
        target[top : top + count] = _band(bitmap, data, stored.reshape(count, bitmap.stride))
    return out


def _band(bitmap: Bitmap, data: bytes, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stored rows, uint8 (H, stride), as colours."""
    if bitmap.bits <= 8:
        per_byte = 8 // bitmap.bits
        shifts = np.arange(per_byte - 1, -1, -1, dtype=np.uint8) * np.uint8(bitmap.bits)
        low = np.uint8((1 << bitmap.bits) - 1)
        split = stored[:, : -(-bitmap.width // per_byte), None] >> shifts & low
        return _by_palette(bitmap, data, split.reshape(len(stored), -1)[:, : bitmap.width])
    size = bitmap.bits // 8
    if size == 3:
        return stored[:, : 3 * bitmap.width].reshape(len(stored), -1, 3)[..., ::-1]
    words = stored[:, : size * bitmap.width].copy().view(f"<u{size}")
    masks = bitmap.masks if bitmap.masks[3] else bitmap.masks[:3]
    return np.stack([_channel(words, mask) for mask in masks], axis=2)


def _channel(words: NDArray[np.unsignedinteger], mask: int) -> NDArray[np.uint8]:
    """The bits under a mask, stretched to 0 to 255."""
    if not mask:
        return np.zeros(words.shape, np.uint8)
    # Of more than 8 bits, the lower ones are left out.
    lowest = max(mask & -mask, 1 << max(0, mask.bit_length() - 8))
    values = (words & words.dtype.type(mask)) // words.dtype.type(lowest)
    if mask // lowest < 255:
        values = np.round(values * (255 / (mask // lowest)))
    stretched: NDArray[np.uint8] = values.astype(np.uint8)
    return stretched


def _by_palette(
    bitmap: Bitmap,
    data: bytes,
    indices: NDArray[np.uint8],
    painted: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Colours (H, W, 3) of indices, black where nothing was painted.

    Indices of three bytes are the colours themselves.
    """
    if indices.ndim == 3:
        colours = indices
    else:
        at, count, entry = bitmap.palette
        table = np.zeros((256, 3), np.uint8)
        stored = np.frombuffer(data, np.uint8, count * entry, at).reshape(count, entry)
        table[:count] = stored[:, 2::-1]
        colours = table[indices]
    return colours if painted is None else colours * painted[..., None]


def _unpacked(bitmap: Bitmap, data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Indices or colours of run-length coding, and which pixels were painted."""
    height, width = bitmap.height, bitmap.width
    size = 3 if bitmap.runs == 24 else 1
    pixels = bytearray(width * height * size)
    painted = bytearray(width * height)
    for x, y, count, values in _spans(bitmap, data):
        count = min(count, width - x)
        if y < height and count > 0:
            at = y * width + x
            pixels[size * at : size * (at + count)] = values[: size * count]
            painted[at : at + count] = b"\1" * count
    shape = (height, width, 3) if size == 3 else (height, width)
    indices = np.frombuffer(pixels, np.uint8).reshape(shape)
    if size == 3:
        indices = indices[..., ::-1]
    shown = np.frombuffer(painted, bool).reshape(height, width)
    return (indices[::-1], shown[::-1]) if bitmap.bottom_up else (indices, shown)


def _spans(bitmap: Bitmap, data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Place, length and values of each run; ends at the mark of the end, or after the last row.

    Raises `Damaged` if the data end before.
    """
    at, x, y = bitmap.start, 0, 0
    size = 3 if bitmap.runs == 24 else 1
    while y < bitmap.height and at + 2 <= len(data):
        count, code = data[at], data[at + 1]
        if count:
            stored = data[at + 1 : at + 1 + size]
            yield x, y, count, _values(bitmap.runs, stored) * count
            x, at = x + count, at + 1 + size
        elif code == 0:
            x, y, at = 0, y + 1, at + 2
        elif code == 1:
            return
        elif code == 2:
            step = data[at + 2 : at + 4].ljust(2, b"\0")
            x, y, at = x + step[0], y + step[1], at + 4
        else:
            length = -(-code * bitmap.runs // 8)
            values = _values(bitmap.runs, data[at + 2 : at + 2 + length])
            if at + 2 + length > len(data):
                break
            yield x, y, code, values
            x, at = x + code, at + 2 + length + length % 2
    if y < bitmap.height - 1 or (y < bitmap.height and x < bitmap.width):
        raise incomplete(y / bitmap.height)


def _values(bits: int, stored: bytes) -> bytes:
    """Pixels in stored bytes, a byte or three each."""
    return b"".join(_NIBBLES[byte] for byte in stored) if bits == 4 else stored
