"""Colours of a picture reduced to a palette, the same way in every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

U8 = NDArray[np.uint8]

_BITS = (5, 6, 5)
"""Red, green and blue are looked up with this many bits."""

_BAYER = np.array(
    [
        [0, 32, 8, 40, 2, 34, 10, 42],
        [48, 16, 56, 24, 50, 18, 58, 26],
        [12, 44, 4, 36, 14, 46, 6, 38],
        [60, 28, 52, 20, 62, 30, 54, 22],
        [3, 35, 11, 43, 1, 33, 9, 41],
        [51, 19, 59, 27, 49, 17, 57, 25],
        [15, 47, 7, 39, 13, 45, 5, 37],
        [63, 31, 55, 23, 61, 29, 53, 21],
    ],
    np.float32,
)


class Palette:
    """At most `size` colours that suit `rgb`, and the way to reduce other pictures to them.

    Motion moves colours but makes none, so the first frame's palette suits the whole loop. The
    dither is a fixed pattern (Bayer 1973): a still pixel gets the same index in every frame,
    which error diffusion would not give.
    """

    def __init__(self, rgb: U8, size: int = 255) -> None:
        quantized = Image.fromarray(rgb).quantize(size, Image.Quantize.MEDIANCUT, kmeans=1)
        listed = quantized.getpalette() or [0, 0, 0]
        self.colours: U8 = np.array(listed, np.uint8).reshape(-1, 3)[:size]
        self._nearest = _lookup_table(self.colours)
        height, width = rgb.shape[:2]
        pattern = np.tile((_BAYER + 0.5) / 64 - 0.5, (-(-height // 8), -(-width // 8)))
        strength = _typical_distance(self.colours)
        dither = np.rint(pattern[:height, :width] * strength).astype(np.int16)
        self._dither: NDArray[np.int16] = dither[..., None]

    def indices(self, rgb: U8) -> U8:
        """`rgb`, uint8 (H, W, 3) of the first picture's size, as indices, uint8 (H, W)."""
        dithered = np.clip(rgb + self._dither, 0, 255).astype(np.uint8)
        red, green, blue = (dithered[..., c] >> (8 - bits) for c, bits in enumerate(_BITS))
        found: U8 = self._nearest[red, green, blue]
        return found


def _lookup_table(colours: U8) -> U8:
    """The index of the colour nearest to each cell of the RGB cube."""
    red, green, blue = (
        (_middles(bits)[:, None] - colours[:, channel].astype(np.float32)) ** 2
        for channel, bits in enumerate(_BITS)
    )
    table = np.empty((len(red), len(green), len(blue)), np.uint8)
    for cells, distance in zip(table, red, strict=True):
        cells[:] = (distance + green[:, None] + blue[None]).argmin(axis=2)
    return table


def _middles(bits: int) -> NDArray[np.float32]:
    """The middle level of each cell of a channel looked up with that many bits."""
    return (np.arange(1 << bits, dtype=np.float32) + 0.5) * (256 >> bits) - 0.5


def _typical_distance(colours: U8) -> float:
    """Mean distance of a colour to its nearest neighbour, per channel."""
    if len(colours) < 2:
        return 0.0
    known = colours.astype(np.float32)
    apart = np.sqrt(((known[:, None] - known[None]) ** 2).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(axis=1).mean() / np.sqrt(3) * 2)
