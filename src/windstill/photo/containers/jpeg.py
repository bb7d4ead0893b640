"""JPEG (ITU-T T.81): baseline, extended and progressive Huffman coding with 8 bits per sample."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from windstill.photo.containers.base import (
    MAX_PARTS,
    MAX_PROFILE,
    Admit,
    Container,
    Damaged,
    NotDecodable,
)
from windstill.photo.orientation import read_orientation

MAX_SCANS = 64
"""Encoders write about ten. Each scan of a few bytes makes a decoder walk the whole picture."""

_MAX_TABLES = 1 << 18
"""Bytes of tables and headers in all; the largest honest ones have some thousand."""

# Bytes after the last coded ones, so that a decoder can look ahead but not find an end.
_LOOKAHEAD = bytes(16)

_MARKER = re.compile(rb"\xff([^\x00\xff])")
_AFTER_SCAN = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")

_SOI, _EOI, _SOS, _DNL = 0xD8, 0xD9, 0xDA, 0xDC
_SEQUENTIAL, _PROGRESSIVE = {0xC0, 0xC1}, {0xC2}
_OTHER_FRAMES = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xC9: "arithmetic-coded",
    0xCA: "arithmetic-coded",
    0xCB: "arithmetic-coded",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "hierarchical",
    0xF7: "JPEG-LS coded",
}
_TABLES = {0xC4, 0xDB, 0xDD}  # Huffman, quantisation, restart interval
_BARE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_JFIF, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE


@dataclass
class _Walk:
    """What has been met so far."""

    kept: list[bytes] = field(default_factory=lambda: [b"\xff\xd8"])
    kept_bytes: int = 0
    size: tuple[int, int] | None = None
    components: bytes = b""
    progressive: bool = False
    scans: int = 0
    interleaved: bool = False
    # Per component: the coefficients of which at least a first approximation was sent.
    sent: dict[int, set[int]] = field(default_factory=dict)
    exif: bytes | None = None
    icc: dict[int, bytes] = field(default_factory=dict)
    icc_parts: int = 0
    seen: set[int] = field(default_factory=set)

    def keep(self, marker: int, body: bytes) -> None:
        self.kept_bytes += len(body) + 4
        if self.kept_bytes > _MAX_TABLES:
            raise Damaged("it has more tables than a picture can use")
        self.kept.append(b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body)


def read(data: bytes, admit: Admit) -> Container:
    """Walks all segments and scans; see the package. Raises `Damaged` or `NotDecodable`."""
    walk = _Walk()
    position, pattern = 2, _MARKER
    for _ in range(MAX_PARTS):
        found = pattern.search(data, position)
        if found is None:
            raise Damaged("it is truncated")
        marker, position, pattern = found[1][0], found.end(), _MARKER
        if marker == _EOI:
            break
        if marker in _BARE:
            continue
        body = _body(data, position)
        position += 2 + len(body)
        if marker != _SOS:
            _take_segment(walk, marker, body, admit)
            continue
        _take_scan_header(walk, body)
        pattern = _AFTER_SCAN
        end = pattern.search(data, position)
        if end is None:
            raise Damaged("it is truncated")
        walk.kept.append(data[position : end.start()])
        position = end.start()
    else:
        raise Damaged(f"it has more than {MAX_PARTS:,} segments")
    return _container(walk)


def _body(data: bytes, position: int) -> bytes:
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2 or position + length > len(data):
        raise Damaged("a segment is truncated or has an impossible length")
    return data[position + 2 : position + length]


def _take_segment(walk: _Walk, marker: int, body: bytes, admit: Admit) -> None:
    if marker in _SEQUENTIAL or marker in _PROGRESSIVE:
        _take_frame_header(walk, marker, body)
        assert walk.size is not None  # noqa: S101
        admit(*walk.size)
    elif marker in _OTHER_FRAMES:
        raise NotDecodable(f"a {_OTHER_FRAMES[marker]} JPEG")
    elif marker in _TABLES:
        walk.keep(marker, body)
    elif marker in (_SOI, _DNL):
        raise Damaged("a marker stands where it must not")
    elif marker == _JFIF and body.startswith(b"JFIF\0") and _first(walk, marker):
        # Only its presence matters: it says that the colours are YCbCr.
        walk.keep(marker, body[:12] + b"\0\0")
    elif marker == _ADOBE and body.startswith(b"Adobe") and _first(walk, marker):
        walk.keep(marker, body[:12])
    elif marker == _EXIF and body.startswith(b"Exif\0") and walk.exif is None:
        walk.exif = body
    elif marker == _ICC and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
        walk.icc[body[12]] = body[14:]
        walk.icc_parts = body[13]


def _first(walk: _Walk, marker: int) -> bool:
    first = marker not in walk.seen
    walk.seen.add(marker)
    return first


def _take_frame_header(walk: _Walk, marker: int, body: bytes) -> None:
    if walk.size is not None:
        raise Damaged("it has two frame headers")
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise Damaged("its frame header is broken")
    if body[0] != 8:
        raise NotDecodable(f"a JPEG with {body[0]} bits per sample instead of 8")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    if not width or not height:
        raise Damaged(f"its size is {width}x{height}")
    if body[5] not in (1, 3, 4):
        raise NotDecodable(f"a JPEG with {body[5]} components instead of 1, 3 or 4")
    walk.size = width, height
    walk.components = body[6::3]
    walk.progressive = marker in _PROGRESSIVE
    walk.keep(marker, body)


def _take_scan_header(walk: _Walk, body: bytes) -> None:
    """A scan header names components, a band of coefficients and their precision (B.2.3)."""
    if walk.size is None:
        raise Damaged("its frame header is missing")
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
        raise Damaged("a scan header is broken")
    walk.scans += 1
    if walk.scans > MAX_SCANS:
        raise Damaged(f"it has more than {MAX_SCANS} scans")
    first, last = (body[-3], body[-2]) if walk.progressive else (0, 63)
    for component in body[1 : 1 + 2 * count : 2]:
        walk.sent.setdefault(component, set()).update(range(first, min(last, 63) + 1))
    walk.interleaved = count == len(walk.components)
    walk.keep(_SOS, body)


def _container(walk: _Walk) -> Container:
    if walk.size is None or not walk.scans:
        raise Damaged("it has no picture data")
    if not walk.progressive and walk.interleaved and walk.scans == 1:
        # libjpeg fills missing data before an end marker with grey and only warns. Without the
        # marker it asks for more instead, which ends as an error.
        payload = b"".join([*walk.kept, _LOOKAHEAD])
    else:
        # The whole file is read first, so the end marker is needed; a file cut and ended lacks
        # scans.
        if not _has_all_scans(walk):
            raise Damaged("some of its scans are missing")
        payload = b"".join([*walk.kept, b"\xff\xd9"])
    return Container(walk.size, payload, read_orientation(walk.exif), _profile(walk))


def _has_all_scans(walk: _Walk) -> bool:
    """Whether all of the first component and something of each other one was sent.

    Encoders may leave out bands of colour that hold nothing.
    """
    first, *others = (walk.sent.get(component, set()) for component in walk.components)
    return len(first) == 64 and all(0 in other for other in others)


def _profile(walk: _Walk) -> bytes | None:
    """The ICC profile out of its numbered parts (ICC.1:2022, B.4); None unless all are there."""
    parts = [walk.icc.get(number) for number in range(1, walk.icc_parts + 1)]
    if not parts or None in parts:
        return None
    profile = b"".join(part for part in parts if part is not None)
    return profile if len(profile) <= MAX_PROFILE else None
