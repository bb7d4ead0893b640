"""Smooth noise from a seed, the same on every machine."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def smooth_noise(
    shape: tuple[int, int], feature: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Noise of `shape` (H, W), float32, whose blobs are about `feature` pixels wide.

    Mean 0, standard deviation near 1, no directional artefacts (cubic upsampling of a Gaussian
    lattice, offset by a random fraction of a cell).
    """
    height, width = shape
    cell = max(feature / 2, 1.0)
    rows, columns = int(np.ceil(height / cell)) + 4, int(np.ceil(width / cell)) + 4
    lattice = cv2.GaussianBlur(
        rng.standard_normal((rows, columns)).astype(np.float32),
        (0, 0),
        0.8,
        borderType=cv2.BORDER_REFLECT_101,
    )
    lattice /= max(float(lattice.std()), 1e-6)
    shift_y, shift_x = rng.random(2)
    matrix = np.array([[1 / cell, 0, 1 + shift_x], [0, 1 / cell, 1 + shift_y]], np.float32)
    noise: NDArray[np.float32] = cv2.warpAffine(
        lattice,
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return noise
