"""PNG (W3C Portable Network Graphics, third edition): the default image, fully checked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from windstill.photo.containers.base import MAX_PROFILE, Admit, Container, Damaged, NotDecodable
from windstill.photo.orientation import read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536
_PIECE = 1 << 16

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_GREY, _COLOUR, _PALETTE = 0, 2, 3
# Origin and step of the seven passes of an interlaced picture (section 8.1).
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip


@dataclass(frozen=True)
class _Header:
    """The IHDR chunk."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def raw_bytes(self) -> int:
        """How many bytes the pixels have once inflated, filter bytes included."""
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        bits = self.depth * _CHANNELS[self.colour]
        total = 0
        for left, top, step_x, step_y in passes:
            columns = max(0, -(-(self.width - left) // step_x))
            rows = max(0, -(-(self.height - top) // step_y))
            if columns:
                total += rows * (1 + -(-columns * bits // 8))
        return total


@dataclass
class _Ancillary:
    """What optional chunks said; damaged ones are as good as absent."""

    exif: bytes | None = None
    profile: bytes | None = None
    gamma: float | None = None
    srgb: bool = False
    kept: list[bytes] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)


def read(data: bytes, admit: Admit) -> Container:
    """Walks all chunks and inflates the pixels once, unstored, to see that they are complete.

    Pillow takes a picture for complete whose compressed data end early, and does not look at
    their checksums. See the package; raises `Damaged` or `NotDecodable`.
    """
    if not data.startswith(SIGNATURE):
        raise Damaged("its signature is changed, as by a transfer in text mode")
    chunks = _chunks(data)
    header = _header(*next(chunks, (b"", memoryview(b""))))
    admit(header.width, header.height)
    found = _Ancillary()
    pixels: list[memoryview] = []
    pixels_ended = palette = False
    for kind, body in chunks:
        if kind == b"IDAT":
            if not pixels_ended:
                pixels.append(body)
            continue
        pixels_ended = bool(pixels)
        if kind == b"PLTE":
            _check_palette(body, header)
            palette = True
            if header.colour == _PALETTE:
                found.kept.append(_chunk(kind, bytes(body)))
        elif not pixels:
            _take_ancillary(found, kind, body, header)
    if header.colour == _PALETTE and not palette:
        raise Damaged("its palette is missing")
    _check_complete(pixels, header.raw_bytes)
    payload = b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", data[16:29]),
            *found.kept,
            _chunk(b"IDAT", b"".join(pixels)),
            _chunk(b"IEND", b""),
        ]
    )
    return Container(
        (header.width, header.height),
        payload,
        read_orientation(found.exif),
        found.profile,
        None if found.srgb or found.profile else found.gamma,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Type and body of every chunk before IEND; broken optional ones are passed over."""
    view = memoryview(data)
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if position + 12 > len(data):
            raise Damaged("it is truncated")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if not kind.isalpha() or not kind.isascii():
            raise Damaged("a chunk has an impossible name")
        if end > len(data):
            raise Damaged("it is truncated")
        body = view[position + 8 : end - 4]
        intact = zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(data[end - 4 : end], "big")
        position = end
        if kind[:1].isupper():
            if not intact:
                raise Damaged(f"the checksum of its chunk {kind.decode()} is wrong")
            if kind not in (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"CgBI"):
                raise Damaged(f"it needs a chunk that is no part of PNG, {kind.decode()}")
        if kind == b"IEND":
            return
        if intact:
            yield kind, body
    raise Damaged(f"it has more than {_MAX_CHUNKS:,} chunks")


def _header(kind: bytes, body: memoryview) -> _Header:
    if kind == b"CgBI":
        raise NotDecodable("Apple's variant of PNG")
    if kind != b"IHDR" or len(body) != 13:
        raise Damaged("its header is missing")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(
        ">IIBBBBB", body
    )
    if not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        raise Damaged(f"its size is {width}x{height}")
    if depth not in _DEPTHS.get(colour, ()):
        raise Damaged(f"colour type {colour} with {depth} bits does not exist")
    if compression or filtering or interlace > 1:
        raise Damaged("its header names unknown methods")
    return _Header(width, height, depth, colour, bool(interlace))


def _check_palette(body: memoryview, header: _Header) -> None:
    if len(body) % 3 or not 3 <= len(body) <= 768:
        raise Damaged("its palette is broken")
    if header.colour in (0, 4):
        raise Damaged("a grey picture can't have a palette")


def _take_ancillary(found: _Ancillary, kind: bytes, body: memoryview, header: _Header) -> None:
    if kind in found.seen:
        return
    found.seen.add(kind)
    if kind == b"tRNS":
        transparency = _transparency(bytes(body), header)
        if transparency is not None:
            found.kept.append(_chunk(kind, transparency))
    elif kind == b"eXIf":
        found.exif = bytes(body)
    elif kind == b"iCCP":
        found.profile = _profile(bytes(body))
    elif kind == b"sRGB":
        found.srgb = True
    elif kind == b"gAMA" and len(body) == 4:
        found.gamma = int.from_bytes(body, "big") / 100_000


def _transparency(body: bytes, header: _Header) -> bytes | None:
    """A tRNS chunk in terms of the samples that Pillow delivers.

    It scales grey of fewer than 8 bits up to 8, and takes the high byte of 16-bit colour.
    """
    if header.colour == _PALETTE:
        return body if 1 <= len(body) <= 256 else None
    if header.colour == _GREY and len(body) == 2:
        value = int.from_bytes(body, "big") & ((1 << header.depth) - 1)
        if 1 < header.depth < 8:
            value = value * 255 // ((1 << header.depth) - 1)
        return value.to_bytes(2, "big")
    if header.colour == _COLOUR and len(body) == 6:
        samples = body[1::2] if header.depth == 8 else body[0::2]
        return bytes(byte for sample in samples for byte in (0, sample))
    return None


def _profile(body: bytes) -> bytes | None:
    name, separator, rest = body.partition(b"\0")
    if not separator or len(name) > 79 or rest[:1] != b"\0":
        return None
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], MAX_PROFILE)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def _check_complete(pixels: list[memoryview], expected: int) -> None:
    if not pixels:
        raise Damaged("it has no picture data")
    inflater = zlib.decompressobj()
    count = 0
    try:
        for body in pixels:
            for start in range(0, len(body), _PIECE):
                piece: bytes | memoryview = body[start : start + _PIECE]
                while piece and count < expected and not inflater.eof:
                    count += len(inflater.decompress(piece, _PIECE * 4))
                    piece = inflater.unconsumed_tail
        while count < expected and not inflater.eof:
            more = inflater.decompress(b"", _PIECE * 4)
            if not more:
                break
            count += len(more)
    except zlib.error as error:
        raise Damaged("its compressed data are broken") from error
    if count < expected:
        raise Damaged("it has less picture data than its size needs")


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
