"""One sine for a whole matte, as hobby tools sway hair."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from windstill.bench.baselines.compose import F32, pasted, picture
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map

CYCLES = 2
"""Swings per loop."""


def sine_displacement(matte: F32, amplitude: float, moment: float) -> F32:
    """Displacement at `moment` (loops), pixels, float32 (H, W, 2): sideways, by the soft matte."""
    field = np.zeros((*matte.shape, 2), np.float32)
    soft = cv2.GaussianBlur(matte, (0, 0), 6)
    field[..., 0] = np.float32(amplitude * np.sin(2 * np.pi * CYCLES * moment)) * soft
    return field


def sine(still: Planes, matte: F32, amplitude: float, frames: int) -> Iterator[Planes]:
    """The loop's frames. amplitude: pixels."""
    photo = picture(still)
    places = identity_map(*still.shape)
    everywhere = np.ones_like(matte)
    for frame in range(frames):
        came_from = places - sine_displacement(matte, amplitude, frame / frames)
        moved = cv2.remap(
            photo, came_from, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        yield pasted(photo, moved, everywhere)
