"""AVIF files out of tiles, with and without a gain map, as cameras write them (ISO 23008-12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.photo.files import encoded

BRANDS = (b"avif", b"mif1", b"miaf")


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def nclx(primaries: int, transfer: int, matrix: int = 6) -> bytes:
    """A colour property of code points, full range."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


@dataclass
class Item:
    """One item: its type, bytes, properties, and what it is derived from."""

    kind: bytes
    body: bytes
    properties: list[bytes]
    sources: list[int] = field(default_factory=list)
    hidden: bool = False


@dataclass
class File:
    """Items in the order of their numbers, from 1."""

    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> int:
        self.items.append(item)
        return len(self.items)

    def add_picture(self, rgb: NDArray[np.uint8], colour: bytes, *, hidden: bool = False) -> int:
        body, properties = coded(rgb)
        return self.add(Item(b"av01", body, [*properties, colour], hidden=hidden))

    def add_grid(self, rgb: NDArray[np.uint8], tile: int, colour: bytes) -> int:
        """`rgb` out of tiles of `tile` pixels, which its sides are multiples of."""
        height, width = rgb.shape[:2]
        tiles = [
            self.add_picture(rgb[y : y + tile, x : x + tile], colour, hidden=True)
            for y in range(0, height, tile)
            for x in range(0, width, tile)
        ]
        size = struct.pack(">BBBBHH", 0, 0, height // tile - 1, width // tile - 1, width, height)
        depth = full_box(b"pixi", bytes([3, 8, 8, 8]))
        properties = [full_box(b"ispe", struct.pack(">II", width, height)), depth, colour]
        return self.add(Item(b"grid", size, properties, tiles))

    def bytes(self, primary: int, groups: bytes = b"") -> bytes:
        """The file, with `primary` as what is shown."""
        brands = {*BRANDS, *(item.kind for item in self.items if item.kind == b"tmap")}
        head = box(b"ftyp", BRANDS[0], bytes(4), *sorted(brands))
        known: list[bytes] = []
        for item in self.items:
            known += [each for each in item.properties if each not in known]
        length = len(self._meta(primary, known, 0, groups))
        meta = self._meta(primary, known, len(head) + length + 8, groups)
        return head + meta + box(b"mdat", *(item.body for item in self.items))

    def _meta(self, primary: int, known: list[bytes], start: int, groups: bytes) -> bytes:
        entries, places, associations, references = b"", b"", b"", b""
        for number, item in enumerate(self.items, 1):
            kind = struct.pack(">HH", number, 0) + item.kind + b"\0"
            entries += full_box(b"infe", kind, version=2, flags=int(item.hidden))
            places += struct.pack(">HHHII", number, 0, 1, start, len(item.body))
            start += len(item.body)
            indices = [
                known.index(each) + 1 | (0x80 if each[4:8] == b"av1C" else 0)
                for each in item.properties
            ]
            associations += struct.pack(">HB", number, len(indices)) + bytes(indices)
            if item.sources:
                numbers = struct.pack(f">{len(item.sources)}H", *item.sources)
                count = struct.pack(">HH", number, len(item.sources))
                references += box(b"dimg", count, numbers)
        count = len(self.items)
        return full_box(
            b"meta",
            full_box(b"hdlr", bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", struct.pack(">H", primary)),
            full_box(b"iloc", struct.pack(">HH", 0x4400, count), places),
            full_box(b"iinf", struct.pack(">H", count), entries),
            full_box(b"iref", references) if references else b"",
            box(
                b"iprp",
                box(b"ipco", *known),
                full_box(b"ipma", struct.pack(">I", count), associations),
            ),
            groups,
        )


def coded(rgb: NDArray[np.uint8]) -> tuple[bytes, list[bytes]]:
    """A picture's AV1 data and the properties that describe them, out of a file of Pillow's."""
    file = encoded(rgb, "AVIF", quality=100, subsampling="4:4:4", speed=10)
    properties = []
    for kind in (b"ispe", b"pixi", b"av1C"):
        at = file.index(kind) - 4
        properties.append(file[at : at + int.from_bytes(file[at : at + 4], "big")])
    at = file.index(b"mdat") - 4
    return file[at + 8 : at + int.from_bytes(file[at : at + 4], "big")], properties


def with_gain_map(file: File, base: int, size: tuple[int, int], gain: int) -> bytes:
    """The file's bytes: `base` to be shown, and a picture of more light (ISO 21496-1) beside it.

    size: width and height. gain: the item that holds the gain map.
    """
    one, two = struct.pack(">II", 1, 1), struct.pack(">II", 2, 1)
    zero = struct.pack(">II", 0, 1)
    channel = zero + two + one + zero + zero  # least, most, gamma, both offsets
    metadata = struct.pack(">BHHB", 0, 0, 0, 0x40) + zero + two + channel
    width, height = size
    properties = [full_box(b"ispe", struct.pack(">II", width, height)),
                  full_box(b"pixi", bytes([3, 10, 10, 10])), nclx(9, 16)]  # fmt: skip
    mapped = file.add(Item(b"tmap", metadata, properties, [base, gain]))
    group = struct.pack(">IIII", 100, 2, mapped, base)
    return file.bytes(base, box(b"grpl", full_box(b"altr", group)))
