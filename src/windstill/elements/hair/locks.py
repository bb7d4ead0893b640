"""Locks: noise that is alike along a strand and differs from strand to strand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.noise import smooth_noise
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]


def lock_noise(
    strands: Orientation, width: float, length: float, count: int, rng: np.random.Generator
) -> list[F32]:
    """`count` independent noises, float32 (H, W), mean 0, standard deviation near 1.

    width: how wide a lock is. length: how far along the strands noise is alike; both in cells.
    Line-integral convolution (Cabral and Leedom 1993), with strands whose direction has no sign:
    each step takes the sign that goes on as before.
    """
    height, columns = strands.cos2.shape
    noises = cv2.merge([smooth_noise((height, columns), width, rng) for _ in range(count)])
    doubled = cv2.merge([strands.cos2, strands.sin2])
    total = np.zeros_like(noises)
    steps = max(1, round(length / 3))
    for sign in (1.0, -1.0):
        position = np.empty((height, columns, 2), np.float32)
        position[..., 0] = np.arange(columns)
        position[..., 1] = np.arange(height)[:, None]
        heading = strands.tangent().astype(np.float32) * np.float32(sign)
        for _ in range(steps):
            position += 1.5 * heading
            total += _at(noises, position)
            heading = _onward(_at(doubled, position), heading)
    total += noises
    flat = total.reshape(-1, count)
    total = (total - flat.mean(axis=0)) / np.maximum(flat.std(axis=0), 1e-6)
    return list(cv2.split(total)) if count > 1 else [total.reshape(height, columns)]


def _onward(doubled: F32, heading: F32) -> F32:
    angle = np.arctan2(doubled[..., 1], doubled[..., 0]) / 2
    tangent = np.stack([-np.sin(angle), np.cos(angle)], axis=2)
    same = np.sum(tangent * heading, axis=2, keepdims=True) >= 0
    return np.where(same, tangent, -tangent)


def _at(field: F32, position: F32) -> F32:
    found: F32 = cv2.remap(
        field, position, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return found
