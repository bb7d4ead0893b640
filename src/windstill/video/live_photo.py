"""Live Photo, of Apple: a JPEG and a QuickTime film that name each other by one identifier.

Apple has not published the format. Sources: the metadata keys of AVFoundation
(`quickTimeMetadataContentIdentifier`, `quickTimeMetadataStillImageTime`), the QuickTime File
Format Specification (timed metadata, `mebx`), and what Apple's own web player reads.
"""

from __future__ import annotations

import io
import struct
import uuid
import zipfile
from hashlib import sha256

import av

from windstill.video.jpeg_segments import with_segment
from windstill.video.quicktime import with_still_time

_IDENTIFIER = "com.apple.quicktime.content.identifier"
_CONTENT_IDENTIFIER = 0x0011
_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 2, 3, 4, 5, 7
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip file: the same loop gives the same bytes."""


def live_photo(jpeg: bytes, film: bytes, name: str) -> bytes:
    """A zip file of `name`.jpg and `name`.mov. film: an MP4, whose first frame is the picture."""
    identifier = str(uuid.UUID(bytes=sha256(jpeg + film).digest()[:16], version=4)).upper()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for suffix, content in (
            (".jpg", _still(jpeg, identifier)),
            (".mov", _film(film, identifier)),
        ):
            archive.writestr(zipfile.ZipInfo(name + suffix, _EPOCH), content)
    return stream.getvalue()


def _still(jpeg: bytes, identifier: str) -> bytes:
    """The picture with the identifier in the maker's part of its EXIF."""
    text = identifier.encode() + b"\0"
    # Offsets in it count from its own start: its name, one directory of one entry, the text.
    entry = struct.pack(">HHII", _CONTENT_IDENTIFIER, _ASCII, len(text), 32)
    note = b"Apple iOS\0\0\x01MM" + struct.pack(">H", 1) + entry + bytes(4) + text
    return with_segment(jpeg, b"Exif\0\0" + _exif(note, _size(jpeg)))


def _exif(maker_note: bytes, size: tuple[int, int]) -> bytes:
    """A TIFF structure with what the standard demands, and a maker's note."""
    resolution = struct.pack(">II", 72, 1)
    main = [
        (0x011A, _RATIONAL, 1, resolution),
        (0x011B, _RATIONAL, 1, resolution),
        (0x0128, _SHORT, 1, struct.pack(">HH", 2, 0)),
        (0x0213, _SHORT, 1, struct.pack(">HH", 1, 0)),
    ]
    inner = [
        (0x9000, _UNDEFINED, 4, b"0232"),
        (0x9101, _UNDEFINED, 4, b"\1\2\3\0"),
        (0x927C, _UNDEFINED, len(maker_note), maker_note),
        (0xA000, _UNDEFINED, 4, b"0100"),
        (0xA001, _SHORT, 1, struct.pack(">HH", 1, 0)),
        (0xA002, _LONG, 1, struct.pack(">I", size[0])),
        (0xA003, _LONG, 1, struct.pack(">I", size[1])),
    ]
    # The main directory's last entry leads to the inner one, right behind it.
    pointer = (0x8769, _LONG, 1, bytes(4))
    start = 8 + len(_directory([*main, pointer], 8))
    main.append((0x8769, _LONG, 1, struct.pack(">I", start)))
    return b"MM\0*\0\0\0\x08" + _directory(main, 8) + _directory(inner, start)


def _directory(entries: list[tuple[int, int, int, bytes]], at: int) -> bytes:
    """A TIFF directory that stands `at` bytes into the structure, with its values behind it."""
    values_at = at + 2 + 12 * len(entries) + 4
    table, values = struct.pack(">H", len(entries)), b""
    for tag, kind, count, value in sorted(entries):
        field = value
        if len(value) > 4:
            field = struct.pack(">I", values_at + len(values))
            values += value + bytes(len(value) % 2)
        table += struct.pack(">HHI", tag, kind, count) + field
    return table + bytes(4) + values


def _size(jpeg: bytes) -> tuple[int, int]:
    """Width and height, from the frame header."""
    position = 2
    while jpeg[position + 1] not in (0xC0, 0xC1, 0xC2):
        position += 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
    height, width = struct.unpack(">HH", jpeg[position + 5 : position + 9])
    return width, height


def _film(film: bytes, identifier: str) -> bytes:
    """The film in QuickTime's container, not coded again, with identifier and time of the still."""
    stream = io.BytesIO()
    options = {"movflags": "use_metadata_tags", "fflags": "+bitexact"}
    with av.open(io.BytesIO(film), "r") as source:
        target = av.open(stream, "w", format="mov", container_options=options)
        target.metadata[_IDENTIFIER] = identifier
        video = source.streams.video[0]
        copy = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
        target.close()
        seconds = 1 / float(video.average_rate or 24)
    return with_still_time(stream.getvalue(), seconds)
