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
    images   {name: {"width", "height", "offset", "length"[, "planes", "range"]}}
             PNG or WebP files; offset: in the payload. Channels are data, not colours: no colour
             space is to be applied. With `planes` the file is grey, and so many pictures of this
             size lie in it one below the other, each a channel. With `range`, [low, high], the
             levels between these are 0 to 255.

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
_METHOD = 1
"""Of WebP without loss: colours take a sixth less than as PNG, in less time; more effort takes
off a tenth in thrice the time."""
_COARSE = ((97, 1), (92, 2), (80, 2), (65, 4))
"""Quality of WebP with loss, and how much coarser numbers are, by coarseness from 1 on."""
_RANGE = (8, 247)
"""What such a WebP stores 0 and 255 of masks as: by so much its levels may be off."""

COARSEST = len(_COARSE)

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
        scale = np.maximum(np.where(peak > 0, peak, 1) / _LARGEST[self.dtype], self.step)
        scale *= _COARSE[coarseness - 1][1] if coarseness else 1
        counted = np.rint(floats / scale.reshape(scale.shape + (1,) * len(axes)))
        return _differences(counted.astype(np.dtype(self.dtype).newbyteorder("<"))), scale


class Picture(NamedTuple):
    """An image to be stored; see `PackageWriter.image`."""

    pixels: U8
    quality: int | None
    is_mask: bool

    def stored(self, coarseness: int) -> tuple[bytes, dict[str, Any]]:
        """The picture's file, and what its entry says of it."""
        height, width = self.pixels.shape[:2]
        entry: dict[str, Any] = {"width": width, "height": height}
        if self.quality is not None:
            return _webp(self.pixels, self.quality - 5 * coarseness), entry
        if coarseness == 0 and self.pixels.ndim == 2:
            return png(self.pixels), entry
        if coarseness == 0:
            return _encoded(self.pixels, "WEBP", lossless=True, quality=0, method=_METHOD), entry
        stacked = np.concatenate(np.split(np.atleast_3d(self.pixels), self._channels, axis=2))
        entry["planes"] = self._channels
        if self.is_mask:
            entry["range"] = list(_RANGE)
            low, high = _RANGE
            stacked = np.rint(low + stacked * np.float32((high - low) / 255)).astype(np.uint8)
        return _webp(stacked[..., 0], _COARSE[coarseness - 1][0]), entry

    @property
    def _channels(self) -> int:
        return 1 if self.pixels.ndim == 2 else self.pixels.shape[2]


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
        self, name: str, picture: U8, *, quality: int | None = None, is_mask: bool = False
    ) -> None:
        """Adds a picture, uint8 (H, W) or (H, W, 3): without loss, or of WebP's `quality`.

        is_mask: where it is 0 or 255 it stays so, even where what is stored is less exact.
        """
        self._images[name] = Picture(picture, quality, is_mask)

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
        for name, each in self._arrays.items():
            stored, scale = each.stored(coarseness)
            numbers += b"\0" * (len(numbers) % 2)
            arrays[name] = {
                "dtype": each.dtype,
                "shape": list(stored.shape),
                "scale": scale.tolist(),
                "offset": len(numbers),
            }
            numbers += stored.tobytes()
        deflated = zlib.compress(bytes(numbers), _LEVEL)
        for name, picture in self._images.items():
            encoded, entry = picture.stored(coarseness)
            at = {"offset": len(deflated) + len(pictures), "length": len(encoded)}
            images[name] = {**entry, **at}
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
        """An image's channels, uint8 (H, W) or (H, W, 3)."""
        entry = self.header["images"][name]
        data = self.payload[entry["offset"] : entry["offset"] + entry["length"]]
        found = np.asarray(Image.open(BytesIO(data)))
        if "planes" not in entry:
            return found
        low, high = entry.get("range", (0, 255))
        levels = (found[..., 0].astype(np.float32) - low) * np.float32(255 / (high - low))
        planes = np.split(np.rint(levels.clip(0, 255)).astype(np.uint8), entry["planes"])
        return planes[0] if len(planes) == 1 else np.stack(planes, axis=2)


def png(picture: U8) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 3), as PNG."""
    return _encoded(picture, "PNG", compress_level=6)


def _webp(picture: U8, quality: int) -> bytes:
    return _encoded(picture, "WEBP", quality=quality, method=3)


def _encoded(picture: U8, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, kind, **how)
    return buffer.getvalue()
