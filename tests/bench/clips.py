"""Loops whose faults are known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SHAPE = (120, 160)
FRAMES = 24


def texture(seed: int = 0, sigma: float = 2.0) -> NDArray[np.uint8]:
    """Soft noise around middle grey, twice as wide as a clip so that it can be moved."""
    noise = np.random.default_rng(seed).standard_normal((SHAPE[0], 2 * SHAPE[1]))
    soft = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), sigma)
    return np.clip(128 + 30 * soft / soft.std(), 0, 255).astype(np.uint8)


def still() -> NDArray[np.uint8]:
    """The photo of all clips here: uint8 (H, W)."""
    return np.ascontiguousarray(texture()[:, : SHAPE[1]])


def standing() -> NDArray[np.uint8]:
    """A clip in which nothing happens."""
    return np.repeat(still()[None], FRAMES, axis=0)


def drifting(pixels: float) -> NDArray[np.uint8]:
    """A clip that moves to the right by `pixels` per frame; it does not loop."""
    wide = texture()
    x, y = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    return np.stack(
        [
            cv2.remap(
                wide,
                (x + 60 - pixels * frame).astype(np.float32),
                y.astype(np.float32),
                cv2.INTER_CUBIC,
            )
            for frame in range(FRAMES)
        ]
    )


def everywhere() -> NDArray[np.bool_]:
    """A mask of all but the rim."""
    mask = np.zeros(SHAPE, bool)
    mask[12:-12, 12:-12] = True
    return mask


def disc(radius: float = 35) -> NDArray[np.float32]:
    """A matte: a disc with an edge some pixels soft."""
    y, x = np.ogrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(y - SHAPE[0] / 2, x - SHAPE[1] / 2)
    return np.clip((radius - away) / 3 + 0.5, 0, 1).astype(np.float32)
