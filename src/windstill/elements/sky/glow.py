"""The sun's or the moon's disc and the glow around it, which clouds drift through."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

# The disc is this bright at least (at night the moon need not saturate), the glow falls by so
# much, and so evenly all round.
DISC_LUMA = 233.0
MOON_LUMA = 150.0
LEAST_FALL = 35.0
UNEVEN = 0.22
LEAST_SEEN = 0.25
# The glow is looked for within this share of the longer side.
REACH = 0.16
RINGS = 24
# As even as all of it is this inner share of it.
NEAR = 0.35


@dataclass(frozen=True)
class Glow:
    """centre: x, y; radius of the disc: pixels of the half size.

    light: float32 (h, w, 3), what the glow adds to its surroundings. disc: float32 (h, w) in
    [0, 1], the part that must not move at all.
    """

    centre: tuple[float, float]
    radius: float
    light: F32
    disc: F32


def find_glow(half: F32, known: F32, *, is_night: bool) -> Glow | None:
    """The glow in a half-size sky; None if nothing in it looks like the sun or the moon.

    half: float32 (h, w, 3), Y, U, V. known: float32 (h, w), 1 where it is sky. The brightest
    spot counts if the luma falls off from it nearly alike in every direction that is seen.
    """
    luma = np.where(known > 0.5, half[..., 0], 0).astype(np.float32)
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.5)
    peak = float(smooth.max())
    if peak < (MOON_LUMA if is_night else DISC_LUMA):
        return None
    _, _, stats, centres = cv2.connectedComponentsWithStats((smooth > peak - 6).astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y = centres[largest]
    reach = REACH * max(luma.shape)
    radius = float(np.sqrt(stats[largest, cv2.CC_STAT_AREA] / np.pi))
    if radius > reach / 2:
        return None
    columns, rows = np.meshgrid(
        np.arange(luma.shape[1], dtype=np.float32), np.arange(luma.shape[0], dtype=np.float32)
    )
    distance = np.hypot(columns - np.float32(x), rows - np.float32(y))
    seen = (known > 0.5) & (distance < reach)
    ring = np.minimum((distance[seen] * (RINGS / reach)).astype(int), RINGS - 1)
    profile, uneven = _profile(half[seen], ring)
    fall = float(profile[: RINGS // 4, 0].max() - profile[-1, 0])
    if seen.sum() < LEAST_SEEN * np.pi * reach**2 or fall < LEAST_FALL or uneven > UNEVEN * fall:
        return None
    light = np.stack(
        [np.interp(distance, (np.arange(RINGS) + 0.5) * reach / RINGS, p) for p in profile.T],
        axis=2,
    ).astype(np.float32) - profile[-1].astype(np.float32)
    disc = np.clip((2.2 * radius + 3 - distance) / (radius + 2), 0, 1)
    return Glow((float(x), float(y)), radius, light, disc)


def _profile(values: F32, ring: NDArray[np.intp]) -> tuple[NDArray[np.float64], float]:
    """Mean of `values` (n, 3) in every ring, (RINGS, 3), and the lumas' spread about it, in all
    rings or in the inner ones, whichever is larger."""
    count = np.bincount(ring, minlength=RINGS)
    full = count > 0
    means = np.empty((RINGS, 3))
    for channel in range(3):
        sums = np.bincount(ring, values[:, channel], RINGS)
        means[:, channel] = np.interp(
            np.arange(RINGS), np.flatnonzero(full), sums[full] / count[full]
        )
    # Light only fades with distance.
    means[:, 0] = np.minimum.accumulate(means[:, 0])
    off = (values[:, 0] - means[ring, 0]) ** 2
    near = ring < RINGS * NEAR
    # The dark sky around a small bright cloud would make it even.
    return means, float(np.sqrt(max(off.mean(), off[near].mean() if near.any() else 0.0)))
