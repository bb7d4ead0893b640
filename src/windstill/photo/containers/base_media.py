"""ISO base media files that hold pictures (ISO 14496-12, 23008-12): boxes and items."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from windstill.photo.containers.base import MAX_PARTS, Damaged
from windstill.photo.encoding import REFERENCE_WHITE, Encoding, by_video_code_points

FULL = 4
"""Bytes of version and flags with which a full box begins."""


@dataclass(frozen=True)
class Box:
    """One box; `start` and `end` enclose its content, `name_at` is where its type stands."""

    kind: bytes
    name_at: int
    start: int
    end: int


@dataclass
class Items:
    """What the metadata box says about the items.

    kinds: type of each item by its number. exif_types_at: where the types of EXIF items stand.
    extents: where each item's bytes are, as offsets and lengths. sizes: every width and height
    stated. properties: every property box. primary: the item to show. associated: which properties
    an item has, counted from 1.
    """

    kinds: dict[int, bytes] = field(default_factory=dict)
    exif_types_at: list[int] = field(default_factory=list)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)
    primary: int = 0
    associated: dict[int, list[int]] = field(default_factory=dict)

    def of_kind(self, kind: bytes) -> list[int]:
        """Numbers of the items of a type, ascending."""
        return sorted(number for number, found in self.kinds.items() if found == kind)


@dataclass(frozen=True)
class Still:
    """A file's items, whether it holds a film as well, and the bytes fit for a decoder.

    The film is hidden in them, so that a decoder takes the primary still picture; so is EXIF, as
    HEIF turns pictures by properties alone.
    """

    items: Items
    film: bool
    payload: bytes


def read_still(data: bytes) -> Still:
    """Walks the whole file. Raises `Damaged`."""
    payload = bytearray(data)
    items = Items()
    film = False
    for box in boxes(data, 0, len(data)):
        if box.kind == b"meta":
            _take_meta(data, box, items)
        elif box.kind == b"moov":
            film = True
            payload[box.name_at : box.name_at + 4] = b"free"
        elif box.kind == b"ftyp":
            brands = data[box.start : box.end].replace(b"avis", b"avif")
            payload[box.start : box.end] = brands.replace(b"hevc", b"heic")
    for at in items.exif_types_at:
        payload[at : at + 4] = b"skip"
    return Still(items, film, bytes(payload))


def contents(data: bytes, items: Items, numbers: list[int]) -> Iterator[bytes]:
    """The bytes of the items, one after the other. Raises `Damaged`."""
    budget = 2 * len(data)  # items share bytes at most now and then
    for number in numbers:
        parts = []
        for offset, length in items.extents.get(number, []):
            end = min(offset + length, len(data)) if length else len(data)
            budget -= max(0, end - offset)
            if budget < 0:
                raise Damaged("its items are larger than the file")
            parts.append(data[offset:end])
        yield b"".join(parts)


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets, one level of them. Raises `Damaged`."""
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
        yield Box(kind, position + 4, content, position + length)
        position += length
    raise Damaged(f"it has more than {MAX_PARTS:,} boxes")


def _take_meta(data: bytes, meta: Box, items: Items) -> None:
    idat = 0
    locations = None
    for box in boxes(data, meta.start + FULL, meta.end):
        if box.kind == b"iinf":
            _take_item_types(data, box, items)
        elif box.kind == b"iloc":
            locations = box
        elif box.kind == b"idat":
            idat = box.start
        elif box.kind == b"pitm":
            items.primary = int.from_bytes(data[box.start + FULL : box.end], "big")
        elif box.kind == b"iprp":
            _take_properties(data, box, items)
    if locations is not None:
        try:
            _take_locations(data[locations.start : locations.end], idat, items)
        except struct.error:
            raise Damaged("its table of items is truncated") from None


def _take_item_types(data: bytes, iinf: Box, items: Items) -> None:
    if iinf.end - iinf.start < 6:
        raise Damaged("its list of items is truncated")
    wide_count = data[iinf.start] != 0
    for box in boxes(data, iinf.start + FULL + (4 if wide_count else 2), iinf.end):
        version = data[box.start] if box.end > box.start else 0
        if box.kind != b"infe" or version not in (2, 3):
            continue
        width = 2 if version == 2 else 4
        kind_at = box.start + FULL + width + 2
        if kind_at + 4 > box.end:
            raise Damaged("an entry of its list of items is truncated")
        kind = data[kind_at : kind_at + 4]
        number = data[box.start + FULL : box.start + FULL + width]
        items.kinds[int.from_bytes(number, "big")] = kind
        if kind == b"Exif":
            items.exif_types_at.append(kind_at)


def _take_properties(data: bytes, iprp: Box, items: Items) -> None:
    for container in boxes(data, iprp.start, iprp.end):
        if container.kind == b"ipma":
            _take_associations(data[container.start : container.end], items)
        if container.kind != b"ipco":
            continue
        for box in boxes(data, container.start, container.end):
            items.properties.append(box)
            if box.kind == b"ispe" and box.end - box.start >= 12:
                width, height = struct.unpack_from(">II", data, box.start + FULL)
                items.sizes.append((width, height))


def _take_associations(ipma: bytes, items: Items) -> None:
    """Which properties belong to which item (ISO 23008-12, 9.3.2)."""
    number_size = 4 if ipma[:1] != b"\0" else 2
    index_size = 2 if ipma[3:4] and ipma[3] & 1 else 1
    essential = 1 << (8 * index_size - 1)
    position = FULL + 4
    while position + number_size < len(ipma):
        number = int.from_bytes(ipma[position : position + number_size], "big")
        position += number_size
        end = position + 1 + ipma[position] * index_size
        for at in range(position + 1, min(end, len(ipma)), index_size):
            index = int.from_bytes(ipma[at : at + index_size], "big") & (essential - 1)
            items.associated.setdefault(number, []).append(index)
        position = end


def encoding_of_primary(data: bytes, items: Items) -> Encoding | None:
    """What the numbers of the primary item mean, if code points say it and no ICC profile does.

    ISO 14496-12, 12.1.5; brightest light by 12.1.6 and 12.1.7.
    """
    points, brightest, mastered = None, None, None
    for index in items.associated.get(items.primary, []):
        if not 0 < index <= len(items.properties):
            continue
        box = items.properties[index - 1]
        body = data[box.start : box.end]
        if box.kind == b"colr" and body[:4] in (b"prof", b"rICC"):
            return None
        if box.kind == b"colr" and body[:4] == b"nclx" and len(body) >= 10:
            points = struct.unpack_from(">HH", body, 4)
        elif box.kind == b"clli" and len(body) >= 4:
            brightest = struct.unpack_from(">H", body)[0]
        elif box.kind == b"mdcv" and len(body) >= 24:
            mastered = struct.unpack_from(">I", body, 16)[0] / 10_000
    peak = (brightest or mastered or 0) / REFERENCE_WHITE or None
    return by_video_code_points(points[0], points[1], peak) if points else None


def _take_locations(iloc: bytes, idat: int, items: Items) -> None:
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
