"""The motion package: a JSON header, then grids of numbers and small pictures.

    offset  bytes
    0       4      the letters WSMP
    4       4      version, unsigned, little-endian
    8       4      length n of the header, unsigned, little-endian
    12      n      the header, JSON in UTF-8
    12 + n  ...    the payload

The header's `arrays` and `images` name what is in the payload:

    numbers  length of the beginning of the payload that holds all arrays, a zlib stream
    arrays   {name: {"dtype": "int8" | "uint8" | "int16", "shape": [..., rows, columns],
             "scale": s or [...], "offset": bytes}}
             offset: in the inflated numbers, a multiple of 2. C order, little-endian. Stored are
             differences, modulo the type's range: to the number in the row above, and of these
             differences to the one in the column before; the first of a plane to 0. A value is
             the number times s; a list of s has one for each entry of the first axis.
    images   {name: {"width", "height", "offset", "length"}}
             WebP files; offset: in the payload. Their channels are data, not colours: no colour
             space is to be applied.

What the header says about sky and hair is described in `windstill.web.sky` and
`windstill.web.hair`. Readers refuse a version that they do not know; members may be added
without a new one.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAGIC = b"WSMP"
VERSION = 2
_PREFIX = struct.Struct("<4sII")
_LARGEST = {"int8": 127, "uint8": 255, "int16": 32767}
_LEVEL = 6
"""Of zlib: one more takes off less than a hundredth."""
_METHOD, _EFFORT = 3, 50
"""Of WebP without loss: a quarter smaller than PNG in a twentieth of a second; 4 to 6 take four
times as long for a fiftieth."""

COARSEST = 2

U8 = NDArray[np.uint8]


class Numbers(NamedTuple):
    """An array to be stored; see `PackageWriter.array`."""

    values: NDArray[np.generic]
    dtype: str
    by_first: bool
    step: float

    def stored(self, coarseness: int) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        """What is stored, as differences, and its scale."""
        floats = np.asarray(self.values, np.float64)
        axes = tuple(range(1 if self.by_first else 0, floats.ndim))
        peak = np.abs(floats).max(axis=axes)
        finest = np.where(peak > 0, peak, 1) / _LARGEST[self.dtype]
        scale = np.maximum(finest, self.step * 2**coarseness)
        counted = np.rint(floats / scale.reshape(scale.shape + (1,) * len(axes)))
        return _differences(counted.astype(np.dtype(self.dtype).newbyteorder("<"))), scale


class Picture(NamedTuple):
    """An image to be stored; see `PackageWriter.image`."""

    pixels: U8
    quality: int | None
    rounding: int

    def stored(self, coarseness: int) -> bytes:
        """The WebP file."""
        if self.quality is not None:
            return _webp(self.pixels, self.quality - 10 * coarseness)
        if coarseness == 0 or self.rounding == 1:
            return _webp(self.pixels, None)
        unit = self.rounding * 2 ** (coarseness - 1)
        rounded = np.rint((self.pixels.astype(np.float32) - 128) / unit) * unit + 128
        return _webp(rounded.clip(0, 255).astype(np.uint8), None)


@dataclass
class PackageWriter:
    """Gathers the payload of a package. `header` may be added to until `finish`."""

    header: dict[str, Any]
    _arrays: dict[str, Numbers] = field(default_factory=dict)
    _images: dict[str, Picture] = field(default_factory=dict)

    def array(
        self,
        name: str,
        values: NDArray[np.generic],
        dtype: str,
        *,
        by_first: bool = False,
        step: float = 0.0,
    ) -> None:
        """Adds `values`, (..., rows, columns), rounded to `dtype`, with the scale that uses its
        whole range.

        by_first: a scale of its own for each entry of the first axis. step: finer than this no
        scale needs to be.
        """
        self._arrays[name] = Numbers(values, dtype, by_first, step)

    def image(
        self, name: str, picture: U8, *, quality: int | None = None, rounding: int = 1
    ) -> None:
        """Adds a picture, uint8 (H, W) or (H, W, 3): without loss, or of WebP's `quality`.

        rounding: to multiples of this its levels may be rounded, from 128 on, where the package
        would be too large.
        """
        self._images[name] = Picture(picture, quality, rounding)

    def finish(self, limit: int | None = None) -> bytes:
        """The package. limit: bytes that it may have; a larger one is stored less exactly, by up
        to `COARSEST` steps.
        """
        for coarseness in range(COARSEST):
            package = self._packed(coarseness)
            if limit is None or len(package) <= limit:
                return package
        return self._packed(COARSEST)

    def _packed(self, coarseness: int) -> bytes:
        numbers, pictures = bytearray(), bytearray()
        arrays, images = {}, {}
        for name, entry in self._arrays.items():
            stored, scale = entry.stored(coarseness)
            numbers += b"\0" * (len(numbers) % 2)
            arrays[name] = {
                "dtype": entry.dtype,
                "shape": list(stored.shape),
                "scale": scale.tolist(),
                "offset": len(numbers),
            }
            numbers += stored.tobytes()
        deflated = zlib.compress(bytes(numbers), _LEVEL)
        for name, picture in self._images.items():
            encoded = picture.stored(coarseness)
            height, width = picture.pixels.shape[:2]
            images[name] = {
                "width": width,
                "height": height,
                "offset": len(deflated) + len(pictures),
                "length": len(encoded),
            }
            pictures += encoded
        header = {**self.header, "numbers": len(deflated), "arrays": arrays, "images": images}
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        return _PREFIX.pack(MAGIC, VERSION, len(text)) + text + deflated + bytes(pictures)


def _differences(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """What is stored of whole numbers, which wrap around."""
    found = values.copy()
    found[..., 1:, :] = values[..., 1:, :] - values[..., :-1, :]  # type: ignore[operator]
    across = found.copy()
    across[..., 1:] = found[..., 1:] - found[..., :-1]  # type: ignore[operator]
    return across


@dataclass(frozen=True)
class MotionPackage:
    """A package read back. numbers: inflated. payload: what the images' offsets point into."""

    header: dict[str, Any]
    numbers: bytes
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> MotionPackage:
        """Raises ValueError for anything but a package of this version."""
        if len(data) < _PREFIX.size:
            raise ValueError("a motion package is longer than this")
        magic, version, length = _PREFIX.unpack_from(data)
        if magic != MAGIC or version != VERSION:
            raise ValueError(f"not a motion package of version {VERSION}")
        header = json.loads(data[_PREFIX.size : _PREFIX.size + length])
        payload = data[_PREFIX.size + length :]
        return cls(header, zlib.decompress(payload[: header["numbers"]]), payload)

    def array(self, name: str) -> NDArray[np.float32]:
        """The values of an array, scaled."""
        entry = self.header["arrays"][name]
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        shape, offset = entry["shape"], entry["offset"]
        stored = np.frombuffer(self.numbers, dtype, count=int(np.prod(shape)), offset=offset)
        native = stored.reshape(shape).astype(dtype.newbyteorder("="))
        summed = native.cumsum(axis=-1, dtype=native.dtype).cumsum(axis=-2, dtype=native.dtype)
        scale = np.asarray(entry["scale"])
        return np.asarray(
            summed * scale.reshape(scale.shape + (1,) * (summed.ndim - scale.ndim)), np.float32
        )

    def image(self, name: str) -> U8:
        """An image's channels, uint8 (H, W, 3)."""
        entry = self.header["images"][name]
        data = self.payload[entry["offset"] : entry["offset"] + entry["length"]]
        return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def png(picture: U8) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 3), as PNG."""
    return _encoded(picture, "PNG", compress_level=6)


def _webp(picture: U8, quality: int | None) -> bytes:
    if quality is None:
        return _encoded(picture, "WEBP", lossless=True, quality=_EFFORT, method=_METHOD)
    return _encoded(picture, "WEBP", quality=quality, method=_METHOD)


def _encoded(picture: U8, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, kind, **how)
    return buffer.getvalue()
