"""Water in front of skies: the sky mirrored below a made-up shore, and labelled as what it is not.

No labelled set has lakes or seas, and without them a reflected sky is found to be sky.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import View
from training.cache import U8
from training.skies import F32, fractal_noise
from training.sources import SKY


def _shore(view: View, rng: np.random.Generator) -> int | None:
    """The row where water could begin: just below a sky that fills the top; None if none does."""
    size = view.rgb.shape[0]
    rows = np.nonzero((view.values[..., SKY] > 127).mean(axis=1) > 0.25)[0]
    if len(rows) < size // 12 or rows[0] > size // 20:
        return None
    shore = int(rows[-1] + rng.uniform(0.01, 0.12) * size)
    return shore if shore < 0.75 * size else None


def _mirrored(rgb: U8, shore: int, rng: np.random.Generator) -> F32:
    """What lies above the shore, seen in rippled water: float32 (size - shore, size, 3)."""
    size = rgb.shape[0]
    depth = np.arange(size - shore, dtype=np.float32)[:, None]
    x = np.tile(np.arange(size, dtype=np.float32), (size - shore, 1))
    y = shore - depth * rng.uniform(0.5, 1.2) + np.zeros_like(x)
    ripple = fractal_noise(size, rng, 6, stretch=6)[: size - shore] * rng.uniform(0, 0.03) * size
    near = depth / max(1, size - shore)
    y += ripple * (0.3 + near)
    x += ripple * near
    y = np.clip(y, 0, shore - 1).astype(np.float32)
    water = cv2.remap(rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    spread = (1, 2 * int(rng.integers(0, 6)) + 1)
    return np.asarray(cv2.blur(water, spread), np.float32)


def flood(view: View, rng: np.random.Generator) -> View:
    """The view with water below its sky; the same view where the sky leaves no place for it."""
    shore = _shore(view, rng)
    if shore is None:
        return view
    size = view.rgb.shape[0]
    water = _mirrored(view.rgb, shore, rng)
    if rng.random() < 0.4:
        # Calm and hazy: the water has nearly the sky's own colour.
        water += (_horizon(view.rgb, shore) - water) * rng.uniform(0.5, 0.95)
        water *= rng.uniform(0.85, 1.12)
    else:
        tint = np.float32([rng.uniform(20, 110), rng.uniform(50, 130), rng.uniform(60, 150)])
        water += (tint - water) * rng.uniform(0, 0.6)
        water *= rng.uniform(0.65, 1.05)
    glint = fractal_noise(size, rng, 6, stretch=8)[: size - shore, :, None]
    water += glint * rng.uniform(0, 14)
    rgb, values, known = view.rgb.copy(), view.values.copy(), view.known.copy()
    rgb[shore:] = np.clip(water, 0, 255)
    values[shore:] = 0
    if rng.random() < 0.4:
        _far_bank(rgb, values, shore, rng)
    known[shore:] = np.where(known[shore:, :, :1] > 0, np.uint8(255), known[shore:])
    if rng.random() < 0.5:
        _haze(rgb, shore, rng)
    if rng.random() < 0.5:
        front = _front(size, shore, rng)
        for new, old in ((rgb, view.rgb), (values, view.values), (known, view.known)):
            new[front] = old[front]
    return View(rgb, values, known)


def _horizon(rgb: U8, shore: int) -> F32:
    """The mean colour just above the shore, float32 (3,)."""
    above = rgb[max(0, shore - rgb.shape[0] // 10) : shore + 1]
    return np.asarray(above.mean(axis=(0, 1)), np.float32)


def _far_bank(rgb: U8, values: U8, shore: int, rng: np.random.Generator) -> None:
    """Puts a low, hazy, uneven strip of land on the shore, in place."""
    size = rgb.shape[0]
    height = (rng.uniform(0.01, 0.05) + 0.02 * fractal_noise(size, rng, 6)[0]) * size
    rows = np.arange(size)[:, None]
    land = (rows < shore + 2) & (rows > shore - np.maximum(height, 1)[None, :])
    shade = _horizon(rgb, shore) * rng.uniform(0.55, 0.95) + rng.normal(0, 5, 3)
    strength = rng.uniform(0.5, 1)
    mixed = rgb[land] * (1 - strength) + np.clip(shade, 0, 255) * strength
    rgb[land] = mixed.astype(np.uint8)
    values[land] = 0


def _front(size: int, shore: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """What stands before the water: all below an uneven line, as bushes or roofs have it."""
    outline = fractal_noise(size, rng, 6)[size // 2] * rng.uniform(0.05, 0.3) * size
    line = shore + (size - shore) * rng.uniform(0.3, 1.0) + outline
    return np.asarray(np.arange(size)[:, None] > np.maximum(line, shore)[None, :])


def _haze(rgb: U8, shore: int, rng: np.random.Generator) -> None:
    """Lets sky, shore and water fade into each other, in place."""
    size = rgb.shape[0]
    rows = np.arange(size, dtype=np.float32)
    veil = np.exp(-(((rows - shore) / (rng.uniform(0.05, 0.2) * size)) ** 2))
    veil = (veil * rng.uniform(0.3, 0.85))[:, None, None].astype(np.float32)
    colour = _horizon(rgb, shore)
    rgb[:] = (rgb + (colour - rgb) * veil).astype(np.uint8)
