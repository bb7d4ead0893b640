"""Symmetric splatting along a still velocity field (Holynski et al., CVPR 2021), without its net.

Both ends of the loop are the photo. Pixels are thrown forward by the motion since the first frame
and back by the motion until the last, and the two are averaged, the nearer end counting more. The
paper splats deep features, weighted by a learned importance, and a decoder repairs what is
blurred or uncovered; here colours are splatted with equal importance, and holes keep the photo.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.bench.baselines.compose import F32, pasted, picture
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map


def eulerian(still: Planes, matte: F32, velocity: F32, frames: int) -> Iterator[Planes]:
    """The loop's frames. velocity: pixels per frame, float32 (H, W, 2); matte: float32 (H, W)."""
    photo = picture(still)
    chosen = np.flatnonzero((matte > 0).ravel())
    ahead, back = _integrated(velocity, frames), _integrated(-velocity, frames)
    for frame in range(frames):
        late = frame / frames
        total = np.zeros((photo.shape[0] * photo.shape[1], 4))
        _splat(total, photo, ahead[frame], chosen, 1 - late)
        _splat(total, photo, back[frames - frame], chosen, late)
        total = total.reshape(*photo.shape[:2], 4)
        weight = total[..., 3:]
        seen = np.where(weight > 1e-3, total[..., :3] / np.maximum(weight, 1e-8), photo)
        yield pasted(photo, seen.astype(np.float32), matte)


def _integrated(velocity: F32, steps: int) -> NDArray[np.float16]:
    """Displacements after 0 to `steps` Euler steps, (steps + 1, H, W, 2)."""
    height, width = velocity.shape[:2]
    start = identity_map(height, width)
    moved = np.zeros_like(velocity)
    found = np.empty((steps + 1, height, width, 2), np.float16)
    for step in range(steps + 1):
        found[step] = moved
        places = start + moved
        # The authors' function looks the velocity up at the nearest pixel.
        moved = moved + cv2.remap(
            velocity, places, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
        )
    return found


def _splat(
    total: NDArray[np.float64],
    photo: F32,
    moved: NDArray[np.float16],
    chosen: NDArray[np.intp],
    weight: float,
) -> None:
    """Adds `chosen` pixels to `total` (H * W, 4), each spread bilinearly over four."""
    if weight <= 0:
        return
    height, width = photo.shape[:2]
    flow = moved.reshape(-1, 2)[chosen].astype(np.float32)
    x, y = chosen % width + flow[:, 0], chosen // width + flow[:, 1]
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    colours = photo.reshape(-1, 3)[chosen]
    for across in (0, 1):
        for down in (0, 1):
            column, row = left + across, top + down
            share = weight * (1 - np.abs(x - column)) * (1 - np.abs(y - row))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            places, share = (row * width + column)[inside], share[inside]
            size = len(total)
            for channel in range(3):
                thrown = share * colours[inside, channel]
                total[:, channel] += np.bincount(places, thrown, size)
            total[:, 3] += np.bincount(places, share, size)
