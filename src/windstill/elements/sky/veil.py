"""Thin cloud for a sky in which nothing else could be seen moving: cirrus in a clear sky, soft
billows in an overcast one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.blur import wide_blur
from windstill.imaging.noise import smooth_noise

F32 = NDArray[np.float32]

# The scale of the brightness of cirrus, levels: as it drifts, a twentieth of the pixels change by
# 5 to 7 or more, which is seen and does not look painted. A sky darker than this (luma) has less,
# in proportion.
LEVELS, FULL_ABOVE = 12.0, 100.0
# Patches, which lie on otherwise clear sky: their sizes (shares of the longer side) and weights;
# from how much of the noise (standard deviations) there is cloud, how softly it begins, and how
# thick it is at most.
PATCHES = ((0.16, 1.0), (0.07, 0.55), (0.03, 0.25))
THRESHOLD, SOFTNESS, THICKEST = 0.1, 0.5, 2.0
# Fibres in them: sizes, how many times as long as wide, how much they change the brightness.
FIBRES = ((0.022, 1.0), (0.011, 0.6), (0.0055, 0.35))
DRAWN_OUT, CONTRAST = 4.0, 0.5
# Cloud is drawn out along the horizon, and so many times smaller there than overhead. It slants by
# so much (sideways for each pixel down), so that a wind along the horizon is seen to move it.
STRETCH, FARTHEST, SLANT = 1.6, 3.0, 0.6
# Cloud takes this much of the way to white that its luma takes from the colour of its sky: it is
# lit by the same sun.
WHITER = 0.7
WHITE = 235.0
# Skies brighter than the first of these are overcast more and more, from the second on wholly:
# there cloud is darker as well as brighter, by this share of the levels.
BRIGHT, OVERCAST = 175.0, 205.0
BILLOWS = 0.75

# Texture of a sky: a median of this side (half-size pixels) takes away what is thin. What is nearer
# than this to the border of the sky (share of its longer side) may be a twig or a mast; it counts
# only if less than such a share of the sky is left without it.
THIN = 5
AWAY, ENOUGH = 0.02, 0.3


def veil(
    shape: tuple[int, int],
    longer: int,
    colour: tuple[float, float, float],
    rng: np.random.Generator,
) -> F32:
    """Thin cloud for a half-size sky of `shape` (h, w): float32 (h, w, 3), Y, U, V to be added.

    longer: the frame's longer side in half-size pixels. colour: the sky's mean Y, and U and V less
    128. The last row is taken for the horizon.
    """
    places = _overhead(shape)
    patches = _noise(places, longer, PATCHES, STRETCH, rng)
    fibres = _noise(places, longer, FIBRES, DRAWN_OUT, rng)
    cirrus = np.float32(SOFTNESS) * np.logaddexp(0, (patches - THRESHOLD) / SOFTNESS)
    cirrus = np.float32(THICKEST) * np.tanh(cirrus / np.float32(THICKEST))
    cirrus *= 1 + np.float32(CONTRAST) * np.tanh(fibres)
    overcast = float(np.clip((colour[0] - BRIGHT) / (OVERCAST - BRIGHT), 0, 1))
    cover = (1 - overcast) * cirrus + overcast * np.float32(BILLOWS) * patches
    levels = LEVELS * min(max(colour[0], 0.0) / FULL_ABOVE, 1.0)
    luma = (np.float32(levels) * cover).astype(np.float32)
    whiter = WHITER * (1 - overcast) / max(WHITE - colour[0], 1.0)
    u, v = (np.float32(-whiter * part) * luma for part in colour[1:])
    return np.stack([luma, u, v], axis=2)


def _overhead(shape: tuple[int, int]) -> F32:
    """Where each pixel of (h, w) lies on the layer of cloud: x and y, float32 (h, w, 2), in pixels
    as they are overhead, y from 0, x about 0."""
    height, width = shape
    # As far as the layer is, so many times smaller is what lies in it.
    rise = 1 - (np.arange(height, dtype=np.float32) + 0.5) / height
    smaller = 1 / (1 / FARTHEST + (1 - 1 / FARTHEST) * rise)
    down = np.cumsum(smaller, dtype=np.float32)
    across = (np.arange(width, dtype=np.float32) - width / 2) * smaller[:, None]
    across += np.float32(SLANT) * (down - down[-1] / 2)[:, None]
    return np.dstack([across, np.broadcast_to(down[:, None], shape)]).astype(np.float32)


def _noise(
    places: F32,
    longer: int,
    octaves: tuple[tuple[float, float], ...],
    stretch: float,
    rng: np.random.Generator,
) -> F32:
    """Noise on the layer of cloud, `stretch` times as wide as high, seen at `places`: float32
    (h, w), mean 0, standard deviation 1. octaves: sizes (shares of `longer`) and weights."""
    height, width = places.shape[:2]
    total = np.zeros((height, width), np.float32)
    for share, weight in octaves:
        # Sampled at about four points a feature.
        feature = max(share * longer, 4.0)
        unit = feature / 4
        wide = int(2 * float(np.abs(places[..., 0]).max()) / (stretch * unit)) + 8
        high = int(float(places[-1, 0, 1]) / unit) + 8
        noise = smooth_noise((high, wide), 4.0, rng)
        columns = places[..., 0] / np.float32(stretch * unit) + np.float32(wide / 2)
        rows = places[..., 1] / np.float32(unit) + 2
        seen = cv2.remap(noise, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        total += np.float32(weight) * seen
    total -= total.mean()
    return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def texture(moving: F32, known: F32) -> float:
    """How much there is to be seen moving: the spread of the luma detail, levels.

    moving: float32 (h, w, 3), the sky less its still part. known: float32 (h, w), 1 where it is
    sky. Grain and quantisation are blurred away, and thin lines, which are no cloud; the busiest
    tenth counts, so that one cloud in a clear sky is enough.
    """
    inside = (known > 0.5).astype(np.uint8)
    if not inside.any():
        return 0.0
    luma = cv2.medianBlur(np.ascontiguousarray(moving[..., 0]), THIN)
    band = cv2.GaussianBlur(luma, (0, 0), 1.5) - wide_blur(luma, 8)
    energy = wide_blur(cv2.multiply(band, band), 8)
    away = cv2.distanceTransform(inside, cv2.DIST_L2, 3) > AWAY * max(known.shape)
    counted = away if away.sum() > ENOUGH * inside.sum() else inside > 0
    return float(np.sqrt(max(float(np.percentile(energy[counted], 90)), 0.0)))
