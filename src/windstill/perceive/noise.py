"""Taking a camera's noise off a photo before mattes are refined by its colours.

There each noisy pixel would look like a piece of something else. The network sees through noise by
itself, and takes what is all too smooth for a wall.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Levels; photos in good light have less than 2.5, and nothing is gained below.
NOISY = 3.0
# The noise is that of the smoothest blocks, this part of all: the others have texture too.
BLOCK, SMOOTHEST = 16, 0.2
# Of blocks darker or brighter than this (levels from the middle) much of the noise is cut off.
MIDDLE, CUT_OFF = 128, 115
# Only about so many pixels are measured.
ENOUGH = 200_000
# The smoothing: its window, how unlike colours may be (times the noise), and how far they count.
WINDOW, ALIKE, NEAR = 5, 6.0, 2.0
# What neither edges nor gradients leave anything of; pure noise leaves 6 times its deviation.
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_GAIN = 6.0


def calmed(rgb: U8) -> U8:
    """The photo without its noise if it has much; else the photo itself. uint8 (H, W, 3).

    By a bilateral filter (Tomasi and Manduchi, "Bilateral Filtering for Gray and Color Images",
    1998), which leaves edges where they are.
    """
    noise = noise_of(rgb)
    if noise < NOISY:
        return rgb
    return np.asarray(cv2.bilateralFilter(rgb, WINDOW, ALIKE * noise, NEAR), np.uint8)


def noise_of(rgb: U8) -> float:
    """The standard deviation of the luma's white noise, levels.

    rgb: uint8 (H, W, 3). Immerkaer's mask ("Fast Noise Variance Estimation", 1996), block by block
    instead of all over, so that leaves and hair don't count as noise.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < BLOCK + 2:
        return 0.0
    every = max(1, height * width // ENOUGH)
    tops = range(0, height - BLOCK - 1, BLOCK * every)
    rough, light = zip(*(_blocks(rgb[top : top + BLOCK + 2]) for top in tops), strict=True)
    middling = np.abs(np.concatenate(light) - MIDDLE) < CUT_OFF
    counted = np.concatenate(rough)[middling]
    if counted.size == 0:
        return 0.0
    return float(np.quantile(counted, SMOOTHEST)) * math.sqrt(math.pi / 2) / _GAIN


def _blocks(strip: U8) -> tuple[F32, F32]:
    """How much the mask leaves of each block in a row of blocks, and its luma, both on average."""
    luma = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY)
    left = np.abs(cv2.filter2D(luma, cv2.CV_16S, _MASK))
    count = luma.shape[1] // BLOCK
    rows, columns = slice(1, BLOCK + 1), slice(0, count * BLOCK)
    size = count, 1
    means = (
        cv2.resize(plane[rows, columns].astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for plane in (left, luma)
    )
    rough, light = (np.asarray(mean[0], np.float32) for mean in means)
    return rough, light
