"""A track of timed metadata in a QuickTime film: when its still picture is.

Source: QuickTime File Format Specification, "Timed Metadata Media"; boxes are written as FFmpeg
writes those of its own tracks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_KEY = b"com.apple.quicktime.still-image-time"
_INT8 = 65
"""The well-known type of a signed byte."""
_SAMPLE = struct.pack(">IIb", 9, 1, 0)
"""One item, of the first key: size, key, value."""
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def with_still_time(film: bytes, seconds: float) -> bytes:
    """A film with a further track that says that its still is so many seconds in.

    film: one whose index, the box `moov`, is the last. Where a track's empty edit ends is when
    its first sample is; a time of 0 would read as none.
    """
    (start, end) = next((at, to) for name, at, to in _boxes(film, 0, len(film)) if name == b"moov")
    moov = bytearray(film[start:end])
    header = next(at for name, at, _ in _boxes(moov, 8, len(moov)) if name == b"mvhd")
    (scale,) = struct.unpack_from(">I", moov, header + 20)
    (length,) = struct.unpack_from(">I", moov, header)
    number_at = header + length - 4
    (number,) = struct.unpack_from(">I", moov, number_at)
    struct.pack_into(">I", moov, number_at, number + 1)
    data = _box(b"mdat", _SAMPLE)
    track = _track(number, scale, round(seconds * scale), start + 8)
    struct.pack_into(">I", moov, 0, len(moov) + len(track))
    return film[:start] + data + bytes(moov) + track + film[end:]


def _track(number: int, scale: int, still: int, sample_at: int) -> bytes:
    """The track. still: when it is, and how long a frame is, in the movie's time scale."""
    edits = struct.pack(">III", 0, 2, still) + struct.pack(">iI", -1, 0x10000)
    edits += struct.pack(">IiI", still, 0, 0x10000)
    duration = 2 * still
    header = struct.pack(">IIIIII", 1, 0, 0, number, 0, duration) + bytes(16) + _MATRIX + bytes(8)
    media_header = struct.pack(">IIIIIHH", 0, 0, 0, scale, still, 0, 0)
    media = (
        _box(b"mdhd", media_header)
        + _handler(b"mhlr", b"meta")
        + _box(b"minf", _media_information(still, sample_at))
    )
    return _box(
        b"trak", _box(b"tkhd", header) + _box(b"edts", _box(b"elst", edits)) + _box(b"mdia", media)
    )


def _media_information(duration: int, sample_at: int) -> bytes:
    general = _box(b"gmin", struct.pack(">IHHHHHH", 0, 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    reference = struct.pack(">II", 0, 1) + _box(b"url ", struct.pack(">I", 1))
    table = (
        _box(b"stsd", struct.pack(">II", 0, 1) + _description())
        + _box(b"stts", struct.pack(">IIII", 0, 1, 1, duration))
        + _box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
        + _box(b"stsz", struct.pack(">III", 0, len(_SAMPLE), 1))
        + _box(b"stco", struct.pack(">III", 0, 1, sample_at))
    )
    return (
        _box(b"gmhd", general)
        + _handler(b"dhlr", b"url ")
        + _box(b"dinf", _box(b"dref", reference))
        + _box(b"stbl", table)
    )


def _description() -> bytes:
    """The sample entry: boxed metadata with one key, whose number is 1."""
    key = _box(b"keyd", b"mdta" + _KEY) + _box(b"dtyp", struct.pack(">II", 0, _INT8))
    return _box(b"mebx", bytes(6) + struct.pack(">H", 1) + _box(b"keys", _box(b"\0\0\0\1", key)))


def _handler(component: bytes, kind: bytes) -> bytes:
    return _box(b"hdlr", bytes(4) + component + kind + bytes(12) + b"\0")


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each box in a part of a file."""
    while start + 8 <= end:
        (size,) = struct.unpack_from(">I", data, start)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
        yield bytes(data[start + 4 : start + 8]), start, start + size
        start += size
