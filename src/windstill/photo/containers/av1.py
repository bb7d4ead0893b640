"""The picture sizes that an AV1 bitstream declares (AV1 specification, sections 5.3 to 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from windstill.photo.containers.base import MAX_PARTS, Damaged
from windstill.photo.containers.bits import Bits

_SEQUENCE_HEADER = 1


def coded_sizes(stream: bytes) -> list[tuple[int, int]]:
    """Width and height of every sequence header in a low-overhead bitstream.

    No frame that follows a header can be larger. Raises `Damaged`.
    """
    return [_size(body) for kind, body in _units(stream) if kind == _SEQUENCE_HEADER]


def _units(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each open bitstream unit."""
    position = 0
    for _ in range(MAX_PARTS):
        if position >= len(stream):
            return
        header = stream[position]
        position += 2 if header & 0b100 else 1
        length = len(stream) - position
        if header & 0b10:
            length, position = _leb128(stream, position)
        if length < 0 or position + length > len(stream):
            raise Damaged("its picture data are truncated")
        yield header >> 3 & 15, stream[position : position + length]
        position += length
    raise Damaged(f"its picture data have more than {MAX_PARTS:,} units")


def _leb128(stream: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(stream[position : position + 8]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, position + index + 1
    raise Damaged("its picture data are truncated")


def _size(header: bytes) -> tuple[int, int]:
    """Largest frame of a sequence header, section 5.5.1."""
    bits = Bits(header[:256])
    bits.take(3 + 1)  # profile, still picture
    if bits.take(1):  # reduced header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: Bits) -> None:
    model, delay_bits = 0, 0
    if bits.take(1):  # timing info
        bits.take(64)
        if bits.take(1):  # equal picture interval
            bits.skip_uvlc()
        model = bits.take(1)
        if model:
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    initial_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)  # tier
        if model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if initial_delay and bits.take(1):
            bits.take(4)
