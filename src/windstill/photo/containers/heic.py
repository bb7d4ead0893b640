"""HEIC (HEVC in HEIF; ISO 14496-12 and 23008-12): its primary still picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from windstill.photo.containers.base import Admit, Container, Damaged, NotDecodable
from windstill.photo.containers.base_media import (
    FULL,
    Items,
    contents,
    encoding_of_primary,
    read_still,
)
from windstill.photo.containers.hevc import size_of_header, sizes_in_stream

# Pictures put together from others at places and sizes of their own, or not compressed at all:
# no camera makes them, and each would need checks of its own.
_REFUSED = {b"iovl", b"unci", b"mski"}

_NEEDS_A_STILL = "a HEIF film without a still picture"
_LENGTH_BYTES = 4


def read(data: bytes, admit: Admit) -> Container:
    """Checks every size in the file: stated, of the pictures coded, and of those tiled from them.

    Phones tile a photo from pictures of 512 pixels. The ICC profile and the properties that turn
    the picture are left to the decoder. See the package; raises `Damaged` or `NotDecodable`.
    """
    still = read_still(data)
    items = still.items
    if not items.kinds and still.film:
        raise NotDecodable(_NEEDS_A_STILL)
    if _REFUSED & set(items.kinds.values()):
        raise NotDecodable("a HEIF picture of a rare kind")
    if not items.of_kind(b"hvc1"):
        raise NotDecodable("a HEIF picture that is not coded as HEVC")
    if not items.sizes:
        raise Damaged("it states no size")
    size = max(items.sizes, key=lambda each: each[0] * each[1])
    admit(*size)
    for width, height in (*_coded(data, items), *_tiled(data, items)):
        admit(max(size[0], width), max(size[1], height))
    return Container(size, still.payload, encoding=encoding_of_primary(data, items))


def _coded(data: bytes, items: Items) -> Iterator[tuple[int, int]]:
    for box in items.properties:
        if box.kind == b"hvcC":
            yield from _configured(data[box.start : box.end])
    for stream in contents(data, items, items.of_kind(b"hvc1")):
        yield from sizes_in_stream(stream, _LENGTH_BYTES)


def _configured(record: bytes) -> Iterator[tuple[int, int]]:
    """Sizes in a decoder's configuration record (ISO 14496-15, 8.3.3.1)."""
    try:
        if (record[21] & 3) + 1 != _LENGTH_BYTES:
            raise NotDecodable("a HEIF picture of a rare kind")
        position = 23
        for _ in range(record[22]):
            (count,) = struct.unpack_from(">H", record, position + 1)
            position += 3
            for _ in range(count):
                (length,) = struct.unpack_from(">H", record, position)
                unit = record[position + 2 : position + 2 + length]
                position += 2 + length
                size = size_of_header(unit)
                if size is not None:
                    yield size
    except (struct.error, IndexError):
        raise Damaged("its description of the coding is truncated") from None


def _tiled(data: bytes, items: Items) -> Iterator[tuple[int, int]]:
    """Sizes of pictures that are tiled from others (ISO 23008-12, 6.6.2.3)."""
    for grid in contents(data, items, items.of_kind(b"grid")):
        wide = bool(grid[1:2] and grid[1] & 1)
        try:
            yield struct.unpack_from(">II" if wide else ">HH", grid, FULL)
        except struct.error:
            raise Damaged("its description of tiles is truncated") from None
