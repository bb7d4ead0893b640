"""WebP (RFC 9649): the still picture, or the first frame of an animation."""

from __future__ import annotations

from collections.abc import Iterator

from windstill.photo.containers.base import (
    MAX_PARTS,
    MAX_PROFILE,
    Admit,
    Container,
    Damaged,
    NotDecodable,
    incomplete,
)
from windstill.photo.orientation import is_exif, read_orientation

_ICC, _EXIF, _XMP, _ANIMATION = 0x20, 0x08, 0x04, 0x02
_PICTURES = (b"VP8 ", b"VP8L")


def read(data: bytes, admit: Admit) -> Container:
    """Walks the chunks up to the first picture, and those after it for the orientation.

    See the package; raises `Damaged` or `NotDecodable`.
    """
    chunks = _chunks(data)
    kind, body = next(chunks, (b"", b""))
    if kind in _PICTURES:
        size = _picture_size(kind, body)
        admit(*size)
        return Container(size, _riff([(kind, body)]))
    if kind != b"VP8X" or len(body) < 10:
        raise Damaged("its first chunk is none that WebP allows")
    size = int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    admit(*size)
    return _extended(size, body, chunks)


def _extended(
    size: tuple[int, int], header: bytes, chunks: Iterator[tuple[bytes, bytes]]
) -> Container:
    animated = bool(header[0] & _ANIMATION)
    flags = header[0] & ~(_ICC | _EXIF | _XMP)
    kept = [(b"VP8X", bytes([flags]) + header[1:10])]
    exif = profile = None
    complete = False
    for kind, body in chunks:
        if kind == b"EXIF" and exif is None and is_exif(body):
            exif = body
        elif kind == b"ICCP" and profile is None and len(body) <= MAX_PROFILE:
            profile = body
        elif complete:
            continue
        elif animated and kind in (b"ANIM", b"ANMF"):
            kept.append((kind, body))
            complete = kind == b"ANMF"
        elif not animated and kind in (b"ALPH", *_PICTURES):
            if kind != b"ALPH" and _picture_size(kind, body) != size:
                raise Damaged("its picture does not have the size of its canvas")
            kept.append((kind, body))
            complete = kind in _PICTURES
    if not complete:
        raise Damaged("it has no picture data")
    return Container(size, _riff(kept), read_orientation(exif), profile)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of the chunks; what is cut off behind the picture does no harm."""
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    position = 12
    for _ in range(MAX_PARTS):
        if position + 8 > end:
            return
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        start = position + 8
        kind = data[position : position + 4]
        if start + length > end:
            if kind in (*_PICTURES, b"ANMF"):
                raise incomplete((end - start) / length)
            return
        yield kind, data[start : start + length]
        position = start + length + length % 2
    raise Damaged(f"it has more than {MAX_PARTS:,} chunks")


def _picture_size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Width and height out of a VP8 key frame (RFC 6386, 9.1) or a VP8L header."""
    if kind == b"VP8L":
        if len(body) < 5 or body[0] != 0x2F:
            raise Damaged("its picture has no header")
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(body) < 10 or body[3:6] != b"\x9d\x01\x2a":
        raise Damaged("its picture has no header")
    if body[0] & 1:
        raise NotDecodable("a WebP that starts with a difference to an earlier picture")
    width, height = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
    return width & 0x3FFF, height & 0x3FFF


def _riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = [b"WEBP"]
    for kind, body in chunks:
        parts += [kind, len(body).to_bytes(4, "little"), body, b"\0" * (len(body) % 2)]
    length = sum(map(len, parts))
    return b"".join([b"RIFF", length.to_bytes(4, "little"), *parts])
