"""Turning a picture upright: the EXIF orientation, and nothing else of EXIF."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_ORIENTATION = 0x0112
_MAX_ENTRIES = 512
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_INTEGERS = {1: 1, 3: 2, 4: 4}  # TIFF type -> bytes


def read_orientation(exif: bytes | None) -> int:
    """The orientation, 1 to 8, of an EXIF block; 1 if there is none or it makes no sense.

    Only the first directory is read (EXIF 2.32, section 4.6.4; TIFF 6.0, section 2).
    """
    tiff = _tiff(exif or b"")
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for index in range(min(count, _MAX_ENTRIES)):
            entry = start + 2 + 12 * index
            tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, entry)
            if tag == _ORIENTATION and kind in _INTEGERS and number >= 1:
                field = tiff[entry + 8 : entry + 8 + _INTEGERS[kind]]
                value = int.from_bytes(field, "little" if order == "<" else "big")
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def is_exif(block: bytes) -> bool:
    """Whether a block is EXIF data and not only called so; some programs leave an empty one."""
    return _tiff(block)[:4] in _ORDERS


def _tiff(exif: bytes) -> bytes:
    return exif[6:] if exif.startswith(b"Exif\0") else exif


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height once a picture stored with `orientation` is turned upright."""
    return (height, width) if orientation >= 5 else (width, height)


def as_stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of `upright`, (H, W, C), with the rows and columns as they are stored in the file.

    Writing the stored picture into this view turns it upright without another copy.
    """
    turned = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (3, 4, 6, 7):
        turned = turned[::-1]
    if orientation in (2, 3, 7, 8):
        turned = turned[:, ::-1]
    return turned
