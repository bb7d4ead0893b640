"""AVIF (AV1 in HEIF; ISO 14496-12 and 23008-12): its primary still picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from windstill.photo.containers.av1 import coded_sizes
from windstill.photo.containers.base import MAX_PARTS, Admit, Container, Damaged, NotDecodable

_FULL = 4  # version and flags of a full box


@dataclass(frozen=True)
class _Box:
    """One box; `start` and `end` enclose its content, `name_at` is where its type stands."""

    kind: bytes
    name_at: int
    start: int
    end: int


@dataclass
class _Items:
    """What the metadata box says about the items."""

    coded: set[int] = field(default_factory=set)  # ids of those coded as AV1
    exif_types_at: list[int] = field(default_factory=list)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)


def read(data: bytes, admit: Admit) -> Container:
    """Checks the size of every coded picture in the file, not only the size it states.

    A file may state a small size for a picture coded with a large one; a decoder then fills
    gigabytes before it scales. Image sequences are hidden from the decoder, which so takes the
    primary still picture; so is EXIF, as HEIF turns pictures by properties alone. The ICC
    profile and those properties are left to the decoder. See the package; raises `Damaged` or
    `NotDecodable`.
    """
    payload = bytearray(data)
    items = _Items()
    sequence = False
    for box in _boxes(data, 0, len(data)):
        if box.kind == b"meta":
            _take_meta(data, box, items)
        elif box.kind == b"moov":
            sequence = True
            payload[box.name_at : box.name_at + 4] = b"free"
        elif box.kind == b"ftyp":
            payload[box.start : box.end] = data[box.start : box.end].replace(b"avis", b"avif")
    if not items.sizes and sequence:
        raise NotDecodable("an AVIF sequence without a still picture")
    if not items.sizes:
        raise Damaged("it states no size")
    size = max(items.sizes, key=lambda each: each[0] * each[1])
    admit(*size)
    for width, height in _coded_sizes(data, items):
        admit(max(size[0], width), max(size[1], height))
    for at in items.exif_types_at:
        payload[at : at + 4] = b"skip"
    return Container(size, bytes(payload))


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    position = start
    for _ in range(MAX_PARTS):
        if position + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        content = position + 8
        if length == 1:
            if position + 16 > end:
                raise Damaged("a box is truncated")
            (length,) = struct.unpack_from(">Q", data, content)
            content += 8
        elif length == 0:
            length = end - position
        if length < content - position or position + length > end:
            raise Damaged("it is truncated, or a box has an impossible length")
        yield _Box(kind, position + 4, content, position + length)
        position += length
    raise Damaged(f"it has more than {MAX_PARTS:,} boxes")


def _take_meta(data: bytes, meta: _Box, items: _Items) -> None:
    idat = 0
    locations = None
    for box in _boxes(data, meta.start + _FULL, meta.end):
        if box.kind == b"iinf":
            _take_item_types(data, box, items)
        elif box.kind == b"iloc":
            locations = box
        elif box.kind == b"idat":
            idat = box.start
        elif box.kind == b"iprp":
            _take_sizes(data, box, items)
    if locations is not None:
        try:
            _take_locations(data[locations.start : locations.end], idat, items)
        except struct.error:
            raise Damaged("its table of items is truncated") from None


def _take_item_types(data: bytes, iinf: _Box, items: _Items) -> None:
    if iinf.end - iinf.start < 6:
        raise Damaged("its list of items is truncated")
    wide_count = data[iinf.start] != 0
    for box in _boxes(data, iinf.start + _FULL + (4 if wide_count else 2), iinf.end):
        version = data[box.start] if box.end > box.start else 0
        if box.kind != b"infe" or version not in (2, 3):
            continue
        width = 2 if version == 2 else 4
        kind_at = box.start + _FULL + width + 2
        if kind_at + 4 > box.end:
            raise Damaged("an entry of its list of items is truncated")
        kind = data[kind_at : kind_at + 4]
        if kind == b"av01":
            number = data[box.start + _FULL : box.start + _FULL + width]
            items.coded.add(int.from_bytes(number, "big"))
        elif kind == b"Exif":
            items.exif_types_at.append(kind_at)


def _take_sizes(data: bytes, iprp: _Box, items: _Items) -> None:
    for container in _boxes(data, iprp.start, iprp.end):
        if container.kind != b"ipco":
            continue
        for box in _boxes(data, container.start, container.end):
            if box.kind == b"ispe" and box.end - box.start >= 12:
                width, height = struct.unpack_from(">II", data, box.start + _FULL)
                items.sizes.append((width, height))


def _take_locations(iloc: bytes, idat: int, items: _Items) -> None:
    """Where each item's bytes are (ISO 14496-12, 8.11.3)."""
    version, sizes = iloc[0], struct.unpack_from(">H", iloc, 4)[0]
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    number_size = 4 if version == 2 else 2
    position = 6

    def take(count: int) -> int:
        nonlocal position
        if position + count > len(iloc):
            raise Damaged("its table of items is truncated")
        position += count
        return int.from_bytes(iloc[position - count : position], "big")

    budget = MAX_PARTS
    for _ in range(take(number_size)):
        number = take(number_size)
        method = take(2) & 15 if version else 0
        take(2)  # data reference
        base = take(base_size) + (idat if method == 1 else 0)
        count = take(2)
        budget -= 1 + count
        if budget < 0:
            raise Damaged(f"its items have more than {MAX_PARTS:,} extents")
        for _ in range(count):
            take(index_size)
            offset = base + take(offset_size)
            items.extents.setdefault(number, []).append((offset, take(length_size)))


def _coded_sizes(data: bytes, items: _Items) -> Iterator[tuple[int, int]]:
    budget = 2 * len(data)  # items share bytes at most now and then
    for item in sorted(items.coded):
        parts = []
        for offset, length in items.extents.get(item, []):
            end = min(offset + length, len(data)) if length else len(data)
            budget -= max(0, end - offset)
            if budget < 0:
                raise Damaged("its items are larger than the file")
            parts.append(data[offset:end])
        yield from coded_sizes(b"".join(parts))
