"""A faint procedural veil for a sky in which nothing else could be seen moving."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.blur import wide_blur
from windstill.imaging.noise import smooth_noise

F32 = NDArray[np.float32]

# Peak to peak about 2 % of the luma range: enough to be felt, too little to be noticed.
LEVELS = 3.0
OCTAVES = ((0.22, 1.0), (0.11, 0.55), (0.05, 0.3))
# Clouds are drawn out along the horizon.
STRETCH = 1.8


def veil(
    shape: tuple[int, int], longer: int, colour: tuple[float, float], rng: np.random.Generator
) -> F32:
    """Thin cloud for a half-size sky of `shape` (h, w): float32 (h, w, 3), Y, U, V to be added.

    longer: the frame's longer side in half-size pixels. colour: mean U and V of the sky, less
    128: a veil takes away from them, as haze does.
    """
    height, width = shape
    noise = np.zeros(shape, np.float32)
    for size, weight in OCTAVES:
        narrow = smooth_noise((height, int(width / STRETCH) + 2), size * longer, rng)
        noise += np.float32(weight) * cv2.resize(
            narrow, (width, height), interpolation=cv2.INTER_CUBIC
        )
    noise *= np.float32(LEVELS / max(float(noise.std()), 1e-6))
    u, v = (np.float32(-0.012 * part) * noise for part in colour)
    return np.stack([noise, u, v], axis=2)


def texture(moving: F32, known: F32) -> float:
    """How much there is to be seen moving: the spread of the luma detail, levels.

    moving: float32 (h, w, 3), the sky less its still part. known: float32 (h, w), 1 where it is
    sky. Grain and quantisation are blurred away; the busiest tenth counts, so that one cloud in
    a clear sky is enough.
    """
    luma = np.ascontiguousarray(moving[..., 0])
    band = cv2.GaussianBlur(luma, (0, 0), 1.5) - wide_blur(luma, 8)
    energy = wide_blur(cv2.multiply(band, band), 8)
    inside = known > 0.5
    busiest = float(np.percentile(energy[inside], 90)) if inside.any() else 0.0
    return float(np.sqrt(max(busiest, 0.0)))
