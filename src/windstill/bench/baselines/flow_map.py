"""The two-phase flow map of games (Vlachos, "Water Flow in Portal 2", SIGGRAPH 2010 course)."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from windstill.bench.baselines.compose import F32, pasted, picture
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map


def flow_map(still: Planes, matte: F32, velocity: F32, frames: int) -> Iterator[Planes]:
    """The loop's frames: two copies half a loop apart fade into each other, read bilinearly.

    velocity: pixels per frame, float32 (H, W, 2); matte: float32 (H, W).
    """
    photo = picture(still)
    places = identity_map(*still.shape)
    travel = velocity * np.float32(frames)
    for frame in range(frames):
        moved = np.zeros_like(photo)
        for phase in (0.5, 0.0):
            age = (frame / frames + phase) % 1
            copy = cv2.remap(
                photo,
                places - travel * np.float32(age - 0.5),
                None,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            moved += copy * np.float32(1 - abs(2 * age - 1))
        yield pasted(photo, moved, matte)
