"""JPEG (ITU-T T.81): baseline, extended and progressive Huffman coding with 8 bits per sample.

A file may end anywhere behind the data of which every pixel has at least a first approximation:
its first component's first scan. Later scans only refine it, as browsers show it.
"""

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
from windstill.photo.orientation import is_exif, read_orientation

MAX_SCANS = 64
"""Encoders write about ten. Each scan of a few bytes makes a decoder walk the whole picture."""

_MAX_TABLES = 1 << 18
"""Bytes of tables and headers in all; the largest honest ones have some thousand."""

# Bytes after the last coded ones, so that a decoder can look ahead but not find an end.
_LOOKAHEAD = bytes(16)

# Two endings of cut data, different in their first bit and so in what a decoder reads: bits,
# then a restart, then bits again, as data may end just where a restart is due.
_ENDINGS = (b"\x00" * 32, b"\xaa" * 32)

_MARKER = re.compile(rb"\xff([^\x00\xff])")
_AFTER_SCAN = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")

_SOI, _EOI, _SOS, _DNL = 0xD8, 0xD9, 0xDA, 0xDC
_SEQUENTIAL, _PROGRESSIVE = {0xC0, 0xC1}, {0xC2}
_OTHER_FRAMES = {
    0xC3: "a lossless",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical"),
    **dict.fromkeys((0xC9, 0xCA, 0xCB), "an arithmetic-coded"),
    0xF7: "a JPEG-LS coded",
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
    ended: bool = False
    # Whether a scan of the first component's first coefficients came, and how much of `kept` that
    # was.
    first_pass: int = 0
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
            break
        marker, position, pattern = found[1][0], found.end(), _MARKER
        if marker == _EOI:
            walk.ended = True
            break
        if marker in _BARE:
            continue
        body = _body(data, position)
        if body is None:
            if walk.first_pass:
                break
            raise Damaged("a segment is truncated or has an impossible length")
        position += 2 + len(body)
        if marker != _SOS:
            _take_segment(walk, marker, body, admit)
            continue
        first_pass = _take_scan_header(walk, body)
        pattern = _AFTER_SCAN
        end = pattern.search(data, position)
        start, position = position, end.start() if end else len(data)
        walk.kept.append(_coded(data[start:position]))
        if first_pass and not walk.first_pass:
            walk.first_pass = len(walk.kept)
    else:
        raise Damaged(f"it has more than {MAX_PARTS:,} segments")
    return _container(walk)


def _body(data: bytes, position: int) -> bytes | None:
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2 or position + length > len(data):
        return None
    return data[position + 2 : position + length]


def _coded(data: bytes) -> bytes:
    """A scan's data without what is no part of them: zeros of a lost tail, half a marker.

    The last byte of a scan is filled up with ones (F.1.2.3); only a stuffed zero may end it.
    """
    coded = data.rstrip(b"\0")
    if coded.endswith(b"\xff"):
        return coded + b"\0" if len(coded) < len(data) else coded[:-1]
    return coded


def _take_segment(walk: _Walk, marker: int, body: bytes, admit: Admit) -> None:
    if marker in _SEQUENTIAL or marker in _PROGRESSIVE:
        _take_frame_header(walk, marker, body)
        assert walk.size is not None  # noqa: S101
        admit(*walk.size)
    elif marker in _OTHER_FRAMES:
        raise NotDecodable(f"{_OTHER_FRAMES[marker]} JPEG")
    elif marker in _TABLES:
        walk.keep(marker, body)
    elif marker in (_SOI, _DNL):
        raise Damaged("a marker stands where it must not")
    elif marker == _JFIF and body.startswith(b"JFIF\0") and _first(walk, marker):
        # Only its presence matters: it says that the colours are YCbCr.
        walk.keep(marker, body[:12] + b"\0\0")
    elif marker == _ADOBE and body.startswith(b"Adobe") and _first(walk, marker):
        walk.keep(marker, body[:12])
    elif marker == _EXIF and walk.exif is None and body.startswith(b"Exif\0") and is_exif(body):
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


def _take_scan_header(walk: _Walk, body: bytes) -> bool:
    """A scan header names components, a band of coefficients and their precision (B.2.3).

    Returns whether it is the first component's first coefficients that follow.
    """
    if walk.size is None:
        raise Damaged("its frame header is missing")
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
        raise Damaged("a scan header is broken")
    walk.scans += 1
    if walk.scans > MAX_SCANS:
        raise Damaged(f"it has more than {MAX_SCANS} scans")
    walk.interleaved = count == len(walk.components)
    walk.keep(_SOS, body)
    lowest = body[-3] if walk.progressive else 0
    return lowest == 0 and walk.components[0] in body[1 : 1 + 2 * count : 2]


def _container(walk: _Walk) -> Container:
    if walk.size is None or not walk.first_pass:
        raise Damaged("it has no picture data")
    single = not walk.progressive and walk.interleaved and walk.scans == 1
    # libjpeg fills missing data before an end marker with grey and only warns. Without the marker
    # it asks for more instead, which ends as an error; not so where it reads the whole file first.
    payload = b"".join([*walk.kept, _LOOKAHEAD if single else b"\xff\xd9"])
    coarse = () if single and walk.ended else _coarse(walk)
    return Container(walk.size, payload, read_orientation(walk.exif), _profile(walk), coarse=coarse)


def _coarse(walk: _Walk) -> tuple[bytes, ...]:
    """The file up to its first pass, with each of the endings."""
    kept = walk.kept[: walk.first_pass]
    restarts = re.findall(rb"\xff([\xd0-\xd7])", kept[-1])
    following = 0xD0 + (restarts[-1][0] - 0xD0 + 1) % 8 if restarts else 0xD0
    restart = b"\xff" + bytes([following])
    return tuple(b"".join([*kept, end, restart, end, b"\xff\xd9"]) for end in _ENDINGS)


def _profile(walk: _Walk) -> bytes | None:
    """The ICC profile out of its numbered parts (ICC.1:2022, B.4); None unless all are there."""
    parts = [walk.icc.get(number) for number in range(1, walk.icc_parts + 1)]
    if not parts or None in parts:
        return None
    profile = b"".join(part for part in parts if part is not None)
    return profile if len(profile) <= MAX_PROFILE else None
