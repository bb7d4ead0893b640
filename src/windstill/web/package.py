"""The motion package: a JSON header, then grids of numbers and small pictures.

    offset  bytes
    0       4      the letters WSMP
    4       4      version, unsigned, little-endian
    8       4      length n of the header, unsigned, little-endian
    12      n      the header, JSON in UTF-8, filled up with spaces
    12 + n  ...    the payload; 12 + n is a multiple of 8

All numbers are little-endian. The header's `arrays` and `images` name what is in the payload, with
offsets (multiples of 8) from its beginning:

    arrays  {name: {"dtype": "int8" | "uint8" | "int16" | "float32", "shape": [...],
             "scale": s or [...], "offset": bytes}}
            C order. A value is the stored number times s; a list of s has one for each entry of
            the first axis.
    images  {name: {"type": "image/png" | "image/jpeg", "width", "height", "offset", "length"}}
            Their channels are data, not colours: no colour space is to be applied.

What the header says about sky and hair is described in `windstill.web.sky` and
`windstill.web.hair`. Readers refuse a version that they do not know; members may be added
without a new one.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAGIC = b"WSMP"
VERSION = 1
_PREFIX = struct.Struct("<4sII")
_ALIGNMENT = 8
_LARGEST = {"int8": 127, "uint8": 255, "int16": 32767}

U8 = NDArray[np.uint8]


@dataclass
class PackageWriter:
    """Gathers the payload of a package. `header` may be added to until `finish`."""

    header: dict[str, Any]
    _arrays: dict[str, dict[str, Any]] = field(default_factory=dict)
    _images: dict[str, dict[str, Any]] = field(default_factory=dict)
    _payload: bytearray = field(default_factory=bytearray)

    def array(
        self, name: str, values: NDArray[np.generic], dtype: str, *, by_first: bool = False
    ) -> None:
        """Adds `values`, rounded to `dtype`, with the scale that uses its whole range.

        by_first: a scale of its own for each entry of the first axis.
        """
        floats = np.asarray(values, np.float64)
        axes = tuple(range(1 if by_first else 0, floats.ndim))
        peak = np.abs(floats).max(axis=axes) if floats.size else np.zeros(())
        scale = np.where(peak > 0, peak, 1) / _LARGEST.get(dtype, 1)
        if dtype == "float32":
            scale = np.ones_like(scale)
        counted = floats / scale.reshape(scale.shape + (1,) * len(axes))
        if dtype != "float32":
            counted = np.rint(counted)
        stored = counted.astype(np.dtype(dtype).newbyteorder("<"))
        self._arrays[name] = {
            "dtype": dtype,
            "shape": list(floats.shape),
            "scale": scale.tolist(),
            "offset": self._append(stored.tobytes()),
        }

    def image(self, name: str, picture: U8, *, quality: int | None = None) -> None:
        """Adds a picture, uint8 (H, W) or (H, W, 3): a PNG, or a JPEG of `quality`."""
        kind = "png" if quality is None else "jpeg"
        encoded = png(picture) if quality is None else _jpeg(picture, quality)
        self._images[name] = {
            "type": f"image/{kind}",
            "width": picture.shape[1],
            "height": picture.shape[0],
            "offset": self._append(encoded),
            "length": len(encoded),
        }

    def finish(self) -> bytes:
        """The package."""
        header = {**self.header, "arrays": self._arrays, "images": self._images}
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + _PREFIX.size) % _ALIGNMENT)
        return _PREFIX.pack(MAGIC, VERSION, len(text)) + text + bytes(self._payload)

    def _append(self, data: bytes) -> int:
        self._payload += b"\0" * (-len(self._payload) % _ALIGNMENT)
        offset = len(self._payload)
        self._payload += data
        return offset


@dataclass(frozen=True)
class MotionPackage:
    """A package read back. payload: what the header's offsets point into."""

    header: dict[str, Any]
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> MotionPackage:
        """Raises ValueError for anything but a package of this version."""
        if len(data) < _PREFIX.size:
            raise ValueError("a motion package is longer than this")
        magic, version, length = _PREFIX.unpack_from(data)
        if magic != MAGIC or version != VERSION:
            raise ValueError(f"not a motion package of version {VERSION}")
        text = data[_PREFIX.size : _PREFIX.size + length]
        return cls(json.loads(text), data[_PREFIX.size + length :])

    def array(self, name: str) -> NDArray[np.float32]:
        """The values of an array, scaled."""
        entry = self.header["arrays"][name]
        stored = np.frombuffer(
            self.payload,
            np.dtype(entry["dtype"]).newbyteorder("<"),
            count=int(np.prod(entry["shape"])),
            offset=entry["offset"],
        ).reshape(entry["shape"])
        scale = np.asarray(entry["scale"])
        scale = scale.reshape(scale.shape + (1,) * (stored.ndim - scale.ndim))
        return np.asarray(stored * scale, np.float32)

    def image(self, name: str) -> U8:
        """An image's channels, uint8 (H, W) or (H, W, 3)."""
        entry = self.header["images"][name]
        data = self.payload[entry["offset"] : entry["offset"] + entry["length"]]
        return np.asarray(Image.open(BytesIO(data)))


def png(picture: U8) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 3), as PNG."""
    return _encoded(picture, "PNG", compress_level=6)


def _jpeg(picture: U8, quality: int) -> bytes:
    return _encoded(picture, "JPEG", quality=quality, subsampling=0, optimize=True)


def _encoded(picture: U8, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, kind, **how)
    return buffer.getvalue()
