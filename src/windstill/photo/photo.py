"""The photo: the upright sRGB picture that everything after it works on."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill.errors import InvalidOption, NotAPhoto
from windstill.photo.decode import decode_bytes, decode_image
from windstill.photo.limits import Limits
from windstill.photo.source import BinaryFile, read_bytes

PhotoSource = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryFile
    | Image.Image
    | NDArray[np.uint8]
)
"""A path, bytes, a binary file, a PIL image, or a uint8 array (H, W, 3), (H, W, 4) or (H, W)."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded picture; nothing of its file's metadata is carried on.

    rgb: uint8 (H, W, 3), sRGB, upright, C-contiguous. format: what the bytes were, by content:
    a name out of `FORMATS`, "array", or the format of a PIL image ("PIL" if it has none).
    stored_size: width and height in the file, before turning and `fit`. orientation: the EXIF
    orientation that was applied, 1 to 8.
    """

    rgb: NDArray[np.uint8]
    format: str
    stored_size: tuple[int, int]
    orientation: int = 1

    @property
    def width(self) -> int:
        """Columns of `rgb`."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Rows of `rgb`."""
        return int(self.rgb.shape[0])

    def fit(self, max_side: int) -> Photo:
        """This photo with no side longer than `max_side` pixels: itself, or reduced by area.

        The sides keep their proportion to within half a pixel. Raises `InvalidOption` for a
        `max_side` below 1.
        """
        if max_side < 1:
            raise InvalidOption(
                f"max_side is {max_side}; allowed: a whole number from 1.", field="max_side"
            )
        longest = max(self.width, self.height)
        if longest <= max_side:
            return self
        size = [max(1, round(side * max_side / longest)) for side in (self.width, self.height)]
        reduced = cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA)
        return replace(self, rgb=np.ascontiguousarray(reduced, dtype=np.uint8))


def read_photo(source: PhotoSource, limits: Limits | None = None) -> Photo:
    """Reads a photo from wherever the caller has it; see `PhotoSource`.

    Sizes are checked on the header, before pixels are decoded. A file is read from where it
    stands and left open; an array is copied. The limits on bytes and formats are those of files:
    an image or array given is only measured. Thread-safe.

    Raises `InvalidPhoto`, by its subclasses: `UnreadablePhoto`, `EmptyPhoto`, `NotAPhoto`,
    `UnsupportedFormat`, `CorruptPhoto`, `FileTooLarge`, `PhotoTooSmall`, `PhotoTooLarge`.
    """
    limits = limits or Limits()
    if isinstance(source, Image.Image):
        return Photo(*decode_image(source, limits))
    if isinstance(source, np.ndarray) and source.ndim != 1:
        return _from_array(source, limits)
    return Photo(*decode_bytes(read_bytes(source, limits), limits))


def _from_array(array: NDArray[np.generic], limits: Limits) -> Photo:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or array.shape[2:] not in (
        (), (1,), (3,), (4,),
    ):  # fmt: skip
        raise NotAPhoto(
            f"The array is {array.dtype} of shape {array.shape}; allowed is uint8 of shape "
            "(H, W, 3) for RGB, (H, W, 4) for RGBA or (H, W) for grey."
        )
    height, width = array.shape[:2]
    limits.check_size(width, height)
    if array.shape[2:] == (3,):
        rgb = np.array(array, dtype=np.uint8, order="C", copy=True, subok=False)
    else:
        flat = array[..., 0] if array.shape[2:] == (1,) else array
        rgb = decode_image(Image.fromarray(np.ascontiguousarray(flat)), limits).rgb
    return Photo(rgb, "array", (width, height))
