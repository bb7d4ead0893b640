"""Bringing decoded pixels of any mode to opaque 8-bit sRGB, a band of rows at a time."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from windstill.photo.containers.base import NotDecodable
from windstill.photo.encoding import (
    BT2020_PRIMARIES,
    HLG,
    SRGB_PRIMARIES,
    Encoding,
    between,
    displayed,
)
from windstill.photo.tone_mapping import tone_map

_BAND_PIXELS = 1 << 20
_LEVELS = 1 << 16
_GREYS = {"1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N"}
_COLOURS = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "HSV"}
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Developer:
    """Turns bands of one picture into sRGB.

    transform: from the picture's own colours to sRGB; None if they are that. encoding: what the
    numbers mean where no transform says it.
    """

    transform: ImageCms.ImageCmsTransform | None = None
    encoding: Encoding | None = None

    def develop(self, image: Image.Image, out: NDArray[np.uint8]) -> None:
        """Writes `image` into `out`, uint8 (H, W, 3). Raises `NotDecodable` for odd modes.

        Transparent parts show white. Memory beside the two: some bytes per pixel of a band.
        """
        width, height = image.size
        rows = max(1, _BAND_PIXELS // width)
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            band = image.crop((0, top, width, bottom))
            out[top:bottom] = np.asarray(self._srgb(band))

    def _srgb(self, band: Image.Image) -> Image.Image:
        colour, alpha = _split(band)
        if alpha is not None and alpha.getextrema() != (255, 255):
            white = Image.new(colour.mode, colour.size, "white")
            white.paste(colour, mask=alpha)
            colour = white
        if self.transform is not None:
            return self.transform.apply(colour)
        if colour.mode != "RGB":
            colour = colour.convert("RGB")
        if self.encoding is not None:
            return Image.fromarray(_encoded(_light(np.asarray(colour), self.encoding)))
        return colour


def developer(image: Image.Image, profile: bytes | None, encoding: Encoding | None) -> Developer:
    """How to develop `image`, given its ICC profile, or else what its file says instead of one."""
    mode = _base_mode(image.mode)
    transform = _transform(profile, mode) if profile else None
    return Developer(transform, None if profile or mode == "CMYK" else encoding)


def _light(samples: NDArray[np.uint8], encoding: Encoding) -> NDArray[np.float32]:
    """Linear light in sRGB's primaries of samples (H, W, 3); more than 0 to 1 is out of reach."""
    light: NDArray[np.float32] = encoding.linear(256)[samples]
    if not encoding.is_hdr:
        return light @ between(encoding.primaries, SRGB_PRIMARIES).T
    if encoding.primaries != BT2020_PRIMARIES:
        light = light @ between(encoding.primaries, BT2020_PRIMARIES).T
    if encoding.transfer == HLG:
        light = displayed(light)
    return tone_map(light, encoding.peak) @ between(BT2020_PRIMARIES, SRGB_PRIMARIES).T


@cache
def _encoding_table() -> NDArray[np.uint8]:
    """sRGB's values (IEC 61966-2-1) for levels of light."""
    light = np.linspace(0, 1, _LEVELS)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def _encoded(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = np.clip(light, 0, 1) * np.float32(_LEVELS - 1) + np.float32(0.5)
    return _encoding_table()[levels.astype(np.uint16)]


def _base_mode(mode: str) -> str:
    if mode in _GREYS:
        return "L"
    if mode == "CMYK":
        return mode
    if mode in _COLOURS:
        return "RGB"
    raise NotDecodable(f"a picture with pixels of the mode {mode}")


def _split(band: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colour (mode L, RGB or CMYK) and transparency (mode L) of a band."""
    mode, key = band.mode, band.info.get("transparency")
    if mode.startswith("I;16"):
        return _split_16_bit(band, key if isinstance(key, int) else None)
    if mode == "PA" or (mode == "P" and band.has_transparency_data):
        band = band.convert("RGBA")
    elif mode == "1":
        band = band.convert("L")
    elif mode in ("La", "RGBa"):
        band = band.convert(mode.upper())
    if band.mode in ("LA", "RGBA"):
        base = "L" if band.mode == "LA" else "RGB"
        return band.convert(base), band.getchannel("A")
    colour = band if band.mode in ("L", "CMYK") else band.convert("RGB")
    if mode in ("1", "L", "RGB") and isinstance(key, (int, tuple)):
        return colour, _keyed(np.asarray(colour), key)
    return colour, None


def _split_16_bit(band: Image.Image, key: int | None) -> tuple[Image.Image, Image.Image | None]:
    samples = np.asarray(band)
    alpha = None if key is None else _keyed(samples, key)
    eight = (samples.astype(np.uint32) * 255 + 32767) // 65535
    return Image.fromarray(eight.astype(np.uint8)), alpha


def _keyed(samples: NDArray[np.generic], key: int | tuple[int, ...]) -> Image.Image:
    """0 where a pixel has exactly the transparent colour, else 255."""
    opaque = samples != np.asarray(key)
    if opaque.ndim == 3:
        opaque = opaque.any(axis=2)
    return Image.fromarray(opaque.astype(np.uint8) * np.uint8(255))


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile's colours to sRGB; None if it is broken, absurd, or sRGB itself."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _PROFILE_SPACES[mode]:
            return None
        transform = ImageCms.ImageCmsTransform(
            source,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGB",
            intent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        sample = _sample(mode)
        shown = np.asarray(transform.apply(sample)).astype(int)
    except Exception:
        # Whatever a colour engine finds wrong with a profile, the picture can do without it.
        return None
    plain = np.asarray(sample.convert("RGB")).astype(int)
    # Black and white are the extremes of the sample; a profile that hides them is of no use.
    brightness = shown.reshape(-1, 3).mean(axis=1)
    if brightness.max() - brightness.min() < 100:
        return None
    if mode != "CMYK" and np.abs(shown - plain).max() <= 2:
        return None
    return transform


def _sample(mode: str) -> Image.Image:
    """A small picture that holds a lattice of all colours of `mode`."""
    bands = Image.getmodebands(mode)
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    lattice = np.stack(np.meshgrid(*[levels] * bands), axis=-1)
    return Image.frombytes(mode, (lattice.size // bands, 1), lattice.tobytes())
