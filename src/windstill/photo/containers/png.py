"""PNG (W3C Portable Network Graphics, third edition): the default image, fully checked.

All pixels must be there. What is not needed for them may be cut off or wrong, as browsers take it:
the end, checksums of the picture data, a palette where none belongs.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from windstill.photo.containers.base import (
    MAX_PROFILE,
    Admit,
    Container,
    Damaged,
    NotDecodable,
    incomplete,
)
from windstill.photo.encoding import (
    REFERENCE_WHITE,
    Chromaticities,
    Encoding,
    by_code_points,
    by_numbers,
)
from windstill.photo.orientation import is_exif, read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536
_PIECE = 1 << 14
_OPTIONAL = 0x20
"""The bit of the first letter of a chunk's type that says so (section 5.4)."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_GREY, _COLOUR, _PALETTE = 0, 2, 3
_RGB_FULL_RANGE = b"\0\1"
"""What cICP must say behind its colours in PNG (section 11.3.2.6)."""
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
    chromaticities: Chromaticities | None = None
    srgb: bool = False
    code_points: tuple[int, int] | None = None
    peak: float | None = None
    kept: list[bytes] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)


def read(data: bytes, admit: Admit) -> Container:
    """Walks all chunks and inflates the pixels once, unstored, to see that they are complete.

    Pillow takes a picture for complete whose compressed data end early. See the package; raises
    `Damaged` or `NotDecodable`.
    """
    if not data.startswith(SIGNATURE):
        raise Damaged("its signature is changed, as by a transfer in text mode")
    chunks = _chunks(data)
    header = _header(*next(chunks, (b"", memoryview(b""))))
    admit(header.width, header.height)
    found = _Ancillary()
    pixels: list[memoryview] = []
    pixels_ended = False
    palette = 0
    for kind, body in chunks:
        if kind == b"IDAT":
            if not pixels_ended:
                pixels.append(body)
            continue
        pixels_ended = bool(pixels)
        if kind == b"PLTE" and header.colour == _PALETTE and not palette:
            palette = len(body) // 3
            found.kept.append(_chunk(kind, _palette(bytes(body))))
        elif not pixels:
            _take_ancillary(found, kind, body, header)
    if header.colour == _PALETTE and not palette:
        raise Damaged("its palette is missing")
    stream = _complete(b"".join(pixels), header.raw_bytes)
    payload = b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", data[16:29]),
            *found.kept,
            _chunk(b"IDAT", stream),
            _chunk(b"IEND", b""),
        ]
    )
    return Container(
        (header.width, header.height),
        payload,
        read_orientation(found.exif),
        None if found.code_points else found.profile,
        _encoding(found),
    )


def _encoding(found: _Ancillary) -> Encoding | None:
    """cICP overrules all else, then a profile, then sRGB (section 12.1)."""
    if found.code_points:
        return by_code_points(*found.code_points, found.peak)
    if found.srgb or found.profile:
        return None
    return by_numbers(found.chromaticities, found.gamma)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Type and body of every chunk before the end; broken optional ones are passed over.

    Picture data are taken with a wrong checksum, and as far as they go.
    """
    view = memoryview(data)
    position = len(SIGNATURE)
    pixels = False
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        body = view[position + 8 : position + 8 + length]
        end = position + 12 + length
        intact = zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big") == data[end - 4 : end]
        position = end
        if kind == b"IEND":
            return
        if kind == b"IDAT":
            pixels = True
        elif not intact and end > len(data):
            return
        elif kind[0] & _OPTIONAL == 0 and not pixels:
            _check_critical(kind, intact)
        if intact or kind == b"IDAT":
            yield kind, body
    raise Damaged(f"it has more than {_MAX_CHUNKS:,} chunks")


def _check_critical(kind: bytes, intact: bool) -> None:
    if kind not in (b"IHDR", b"PLTE", b"CgBI"):
        name = kind.decode("ascii", "replace") if kind.isalpha() else "of an impossible name"
        raise Damaged(f"it needs a chunk that is no part of PNG, {name}")
    if not intact:
        raise Damaged(f"the checksum of its chunk {kind.decode()} is wrong")


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


def _palette(body: bytes) -> bytes:
    """256 colours; pixels beyond the last one show it, as in browsers."""
    colours = body[: min(len(body) // 3, 256) * 3]
    return colours + colours[-3:] * (256 - len(colours) // 3)


def _take_ancillary(found: _Ancillary, kind: bytes, body: memoryview, header: _Header) -> None:
    if kind in found.seen or (kind == b"eXIf" and not is_exif(bytes(body))):
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
    elif kind == b"cHRM" and len(body) == 32:
        white_to_blue = [value / 100_000 for value in struct.unpack(">8I", body)]
        found.chromaticities = cast(Chromaticities, tuple(white_to_blue))
    elif kind == b"cICP" and len(body) == 4 and bytes(body[2:]) == _RGB_FULL_RANGE:
        found.code_points = body[0], body[1]
    elif kind == b"cLLI" and len(body) == 8:
        found.peak = _peak(int.from_bytes(body[:4], "big"))
    elif kind == b"mDCV" and len(body) == 24 and found.peak is None:
        found.peak = _peak(int.from_bytes(body[16:20], "big"))


def _peak(ten_thousandths: int) -> float | None:
    """Luminance in 0.0001 cd/m² by that of diffuse white; 0 means that it is not known."""
    return ten_thousandths / 10_000 / REFERENCE_WHITE or None


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


def _complete(stream: bytes, expected: int) -> bytes:
    """A zlib stream (RFC 1950) that holds all of `expected` bytes and the right checksum.

    What does not hold for the whole stream may hold for the data in it: header and checksum are
    then made anew. Raises `Damaged` if bytes are missing.
    """
    if not stream:
        raise Damaged("it has no picture data")
    found = _inflated(stream, expected, zlib.MAX_WBITS)
    if found.broken:
        found = _inflated(stream[2:], expected, -zlib.MAX_WBITS)
        stream = b"\x78\x01" + stream[2 : 2 + found.consumed] + found.checksum.to_bytes(4, "big")
    if found.bytes_out < expected:
        raise incomplete(found.bytes_out / expected)
    return stream


class _Inflated(NamedTuple):
    """Bytes that came out and went in, Adler-32 of the former, and whether it went wrong."""

    bytes_out: int
    consumed: int
    checksum: int
    broken: bool


def _inflated(stream: bytes, expected: int, window_bits: int) -> _Inflated:
    """Inflates up to the end or little more than `expected` bytes, piece by piece."""
    inflater = zlib.decompressobj(window_bits)
    view, position, count, checksum = memoryview(stream), 0, 0, 1
    try:
        while count < expected and not inflater.eof:
            piece = inflater.unconsumed_tail or view[position : position + _PIECE]
            if not inflater.unconsumed_tail:
                position += len(piece)
            out = inflater.decompress(piece, _PIECE)
            if not out and not piece:
                break
            count += len(out)
            checksum = zlib.adler32(out, checksum)
    except zlib.error:
        return _Inflated(count, position, checksum, broken=True)
    consumed = position - len(inflater.unused_data) if inflater.eof else len(stream)
    return _Inflated(count, consumed, checksum, broken=False)


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
