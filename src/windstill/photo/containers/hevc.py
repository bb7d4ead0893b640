"""The picture sizes that HEVC declares (ITU-T H.265, sections 7.3.1, 7.3.2.2 and 7.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from windstill.photo.containers.base import MAX_PARTS, Damaged
from windstill.photo.containers.bits import Bits

_SEQUENCE_HEADER = 33
_UNIT_HEADER = 2
_HEADER_BYTES = 512
"""The size stands within the first hundred bytes."""


def sizes_in_stream(stream: bytes, length_bytes: int) -> Iterator[tuple[int, int]]:
    """Width and height of every sequence header among units that follow their lengths."""
    position = 0
    for _ in range(MAX_PARTS):
        if position >= len(stream):
            return
        begin = position + length_bytes
        length = int.from_bytes(stream[position:begin], "big")
        if begin + length > len(stream):
            raise Damaged("its picture data are truncated")
        size = size_of_header(stream[begin : begin + length])
        if size is not None:
            yield size
        position = begin + length
    raise Damaged(f"its picture data have more than {MAX_PARTS:,} units")


def size_of_header(unit: bytes) -> tuple[int, int] | None:
    """Width and height if `unit` is a sequence header, else None. Raises `Damaged`."""
    if not unit or unit[0] >> 1 & 63 != _SEQUENCE_HEADER:
        return None
    # A zero byte pair is followed by a 3 where it might be taken for the start of a unit.
    bits = Bits(unit[_UNIT_HEADER:_HEADER_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)  # number of the video parameter set
    layers = bits.take(3)
    bits.take(1)
    bits.take(88 + 8)  # profile and level
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.take_ue()  # number of this header
    if bits.take_ue() == 3:  # chroma at full size
        bits.take(1)
    return bits.take_ue(), bits.take_ue()
