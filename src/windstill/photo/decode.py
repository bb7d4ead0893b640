"""From the bytes of a file to upright sRGB pixels; every failure becomes an error of the tree."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from windstill.errors import CorruptPhoto, PhotoTooLarge, UnsupportedFormat, WindstillError
from windstill.photo.colour import developer
from windstill.photo.containers import avif, bmp, heic, jpeg, png, webp
from windstill.photo.containers.base import Admit, Container, Damaged, NotDecodable, incomplete
from windstill.photo.containers.bmp_pixels import open_bitmap
from windstill.photo.encoding import Encoding
from windstill.photo.limits import Limits
from windstill.photo.orientation import as_stored, read_orientation, upright_size
from windstill.photo.signature import accepted_format


class Pixels(NamedTuple):
    """Decoded pixels, uint8 (H, W, 3) upright sRGB, and how they were stored."""

    rgb: NDArray[np.uint8]
    format: str
    stored_size: tuple[int, int]
    orientation: int


class _Jpeg(JpegImagePlugin.JpegImageFile):
    """Fails where data run out even if the host program set Pillow to load truncated images."""

    def load_read(self, read_bytes: int) -> bytes:
        data = self.fp.read(read_bytes) if self.fp else b""
        if not data:
            # Rows that were not reached are zeros.
            reached = np.asarray(self._new(self.im)).reshape(self.height, -1).any(axis=1)
            raise incomplete(int(np.flatnonzero(reached).max(initial=-1)) / self.height)
        return data


def _check_coarse(payloads: tuple[bytes, ...]) -> None:
    """Raises `Damaged` where the picture depends on what follows the file's last byte."""
    pictures = []
    for payload in payloads:
        with _Jpeg(io.BytesIO(payload)) as image:
            if image.info.get("progressive"):
                # Its first pass has one coefficient per block.
                image.draft(image.mode, (image.width // 8, image.height // 8))
            pictures.append(np.asarray(image).reshape(image.height, -1))
    if pictures:
        differs = (pictures[0] != pictures[1]).any(axis=1)
        if differs.any():
            raise incomplete(differs.argmax() / len(differs))


def _open_heic(file: io.BytesIO) -> Image.Image:
    """Decodes at once: sizes were admitted, and the library's own Pillow plugin shows black
    instead of failing if the host program set Pillow to load truncated images."""
    from pillow_heif import open_heif

    picture: Image.Image = open_heif(file.getvalue(), convert_hdr_to_8bit=True).to_pillow()
    return picture


class _Codec(NamedTuple):
    read: Callable[[bytes, Admit], Container]
    # Pillow's classes themselves: Image.open would consult its registry, which a host program
    # may have changed, and warn of large pictures through the process-wide filters.
    open: Callable[[io.BytesIO], Image.Image]


_CODECS = {
    "JPEG": _Codec(jpeg.read, _Jpeg),
    "PNG": _Codec(png.read, PngImagePlugin.PngImageFile),
    "BMP": _Codec(bmp.read, open_bitmap),
    "WEBP": _Codec(webp.read, WebPImagePlugin.WebPImageFile),
    "AVIF": _Codec(avif.read, AvifImagePlugin.AvifImageFile),
    "HEIC": _Codec(heic.read, _open_heic),
}


def decode_bytes(data: bytes, limits: Limits) -> Pixels:
    """Decodes a whole file. Raises the errors of `InvalidPhoto`'s part of the tree, no other."""
    name = accepted_format(data, limits)
    codec = _CODECS[name]
    with _refusals(f"The {name} file", limits):
        container = codec.read(data, limits.check_size)
        _check_coarse(container.coarse)
        with codec.open(io.BytesIO(container.payload)) as image:
            # These may hold items larger than their primary one; they were admitted too.
            if image.size != container.size and name not in ("AVIF", "HEIC"):
                raise Damaged("it states two different sizes")
            size = image.size
            limits.check_size(*size)
            profile = container.profile or image.info.get("icc_profile")
            orientation = container.orientation
            if name == "AVIF":
                orientation = read_orientation(image.info.get("exif"))
            rgb = _develop(image, profile, container.encoding, orientation)
    return Pixels(rgb, name, size, orientation)


def decode_image(image: Image.Image, limits: Limits) -> Pixels:
    """The current frame of a PIL image, whatever file it may come from; it stays open."""
    limits.check_size(*image.size)
    with _refusals("The PIL image", limits):
        exif, profile = image.info.get("exif"), image.info.get("icc_profile")
        orientation = read_orientation(exif if isinstance(exif, bytes) else None)
        rgb = _develop(image, profile if isinstance(profile, bytes) else None, None, orientation)
    return Pixels(rgb, image.format or "PIL", image.size, orientation)


def _develop(
    image: Image.Image, profile: bytes | None, encoding: Encoding | None, orientation: int
) -> NDArray[np.uint8]:
    image.load()
    width, height = upright_size(*image.size, orientation)
    rgb = np.empty((height, width, 3), np.uint8)
    developer(image, profile, encoding).develop(image, as_stored(rgb, orientation))
    return rgb


@contextmanager
def _refusals(subject: str, limits: Limits) -> Iterator[None]:
    """Inside, whatever is raised leaves as an error of the tree, about `subject`."""
    allowed = limits.allowed_formats
    try:
        yield
    except WindstillError:
        raise
    except NotDecodable as error:
        raise UnsupportedFormat(
            f"The file is {error}, which can't be decoded; allowed are {allowed} files of the "
            "usual kinds."
        ) from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PhotoTooLarge(
            f"{subject} is too large to be decoded here; send a smaller one."
        ) from error
    except Exception as error:
        problem = str(error) if isinstance(error, Damaged) else _problem(error)
        raise CorruptPhoto(
            f"{subject} is damaged: {problem}; allowed are complete {allowed} files."
        ) from error


def _problem(error: Exception) -> str:
    """What Pillow's error means for a user; its own text speaks of the inside of libraries."""
    if "truncated" in str(error) or isinstance(error, EOFError):
        return "it is truncated"
    return "its picture data can't be decoded"
