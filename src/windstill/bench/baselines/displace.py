"""Displacement by whole pixels, as FFmpeg's `displace` filter does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from windstill.bench.baselines.compose import F32, pasted, picture
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map


def displace(
    still: Planes, matte: F32, displacement: Callable[[float], F32], frames: int
) -> Iterator[Planes]:
    """The loop's frames. displacement: at a moment (loops), pixels, float32 (H, W, 2)."""
    photo = picture(still)
    places = identity_map(*still.shape)
    everywhere = np.ones_like(matte)
    soft = cv2.dilate(matte, np.ones((5, 5), np.uint8))[..., None]
    for frame in range(frames):
        came_from = np.rint(places - displacement(frame / frames) * soft)
        moved = cv2.remap(
            photo, came_from, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101
        )
        yield pasted(photo, moved, everywhere)
