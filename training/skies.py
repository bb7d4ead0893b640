"""Skies made from noise: gradients, clouds and stars, to put behind houses, trees and people."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, Sample
from training.sources import SKY

F32 = NDArray[np.float32]

# (zenith, horizon) in RGB: clear, pale, overcast, sunset, dusk, night, and smoke or old film.
PALETTES: tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...] = (
    ((60, 110, 190), (170, 205, 235)),
    ((90, 150, 220), (205, 225, 240)),
    ((30, 70, 150), (120, 170, 215)),
    ((150, 160, 170), (215, 218, 222)),
    ((225, 228, 232), (245, 246, 248)),
    ((110, 115, 125), (175, 178, 182)),
    ((70, 80, 130), (250, 170, 100)),
    ((120, 80, 110), (255, 140, 70)),
    ((40, 50, 90), (200, 120, 110)),
    ((8, 12, 30), (40, 45, 70)),
    ((15, 20, 45), (90, 70, 70)),
    ((150, 215, 240), (205, 240, 250)),
    ((175, 150, 140), (220, 200, 190)),
    ((165, 160, 140), (225, 220, 200)),
    ((140, 125, 130), (205, 190, 185)),
)


def fractal_noise(size: int, rng: np.random.Generator, octaves: int = 5, stretch: float = 1) -> F32:
    """Smooth noise in about [-1, 1], float32 (size, size), wider than high by `stretch`."""
    total = np.zeros((size, size), np.float32)
    cells = int(rng.integers(2, 5))
    weight = 1.0
    for _ in range(octaves):
        rows = max(2, min(size, int(cells * stretch)))
        grid = rng.standard_normal((rows, min(size, cells))).astype(np.float32)
        total += weight * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * 0.55
    return np.asarray(total / 1.6, np.float32)


def synthetic_sky(size: int, rng: np.random.Generator) -> U8:
    """A sky of random weather, uint8 RGB (size, size, 3)."""
    zenith, horizon = PALETTES[rng.integers(len(PALETTES))]
    ramp = np.linspace(0, 1, size, dtype=np.float32)[:, None, None] ** rng.uniform(0.6, 1.8)
    top = np.float32(zenith) + rng.normal(0, 12, 3).astype(np.float32)
    bottom = np.float32(horizon) + rng.normal(0, 12, 3).astype(np.float32)
    sky = np.repeat(top + (bottom - top) * ramp, size, axis=1)
    if rng.random() < 0.3:
        sky += 10 * np.linspace(-1, 1, size, dtype=np.float32)[None, :, None] * rng.normal()
    if rng.random() < 0.75:
        noise = fractal_noise(size, rng, stretch=rng.uniform(1, 3))
        cover = np.clip((noise - rng.uniform(-0.6, 0.8)) * rng.uniform(0.8, 2.5), 0, 1)
        shade = fractal_noise(size, rng, 4) * 14
        light = float(np.clip(np.float32(horizon).mean() + rng.normal(20, 30), 20, 255))
        cloud = (light + shade)[..., None] * np.float32([1, 1, 1])
        sky += (cloud - sky) * (cover * rng.uniform(0.4, 1))[..., None]
    if max(zenith) < 60 and rng.random() < 0.6:
        sky[rng.random((size, size)) > 0.998] += rng.uniform(60, 200)
    return np.asarray(np.clip(sky, 0, 255), np.uint8)


def real_sky(sample: Sample, size: int) -> U8 | None:
    """The upper part of a labelled picture that is nothing but sky; None if it is too little."""
    rows = ((sample.labels >> SKY) & 1).mean(axis=1) > 0.99
    height = len(rows) if rows.all() else int(np.argmin(rows))
    if height < sample.rgb.shape[0] // 5:
        return None
    part = sample.rgb[: height - height // 12]
    return np.asarray(cv2.resize(part, (size, size)), np.uint8)


def sky_bank(samples: Iterable[Sample], count: int, size: int, seed: int) -> list[U8]:
    """Many skies: those of the samples, and `count` made ones."""
    rng = np.random.default_rng(seed)
    found = [sky for sample in samples if (sky := real_sky(sample, size)) is not None]
    return found + [synthetic_sky(size, rng) for _ in range(count)]
