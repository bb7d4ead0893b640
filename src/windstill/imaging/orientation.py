"""Which way the texture of a picture runs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Orientation:
    """The normal of the texture's lines, without a sign, as its doubled angle.

    cos2, sin2: float32 (H, W), cosine and sine of twice the normal's angle. coherence: float32
    (H, W) in [0, 1]; 1 where all lines are parallel, 0 where none prevails.
    """

    cos2: F32
    sin2: F32
    coherence: F32

    def tangent(self) -> F32:
        """Unit vectors (x, y) along the lines, float32 (H, W, 2), of arbitrary sign."""
        angle = np.arctan2(self.sin2, self.cos2) / 2
        return np.stack([-np.sin(angle), np.cos(angle)], axis=2)


def gradient_products(luma: NDArray[np.uint8], weight: F32) -> F32:
    """gx gx, gx gy and gy gy of `luma`, times `weight`; float32 (H, W, 3).

    Summed over a neighbourhood they are its structure tensor (Forstner and Gulch 1987).
    """
    picture = luma.astype(np.float32)
    gx = cv2.Scharr(picture, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(picture, cv2.CV_32F, 0, 1, scale=1 / 32)
    products: F32 = cv2.merge([gx * gx * weight, gx * gy * weight, gy * gy * weight])
    return products


def orientation(products: F32, sigma: float) -> Orientation:
    """The orientation of structure tensors smoothed over `sigma` pixels.

    products: float32 (H, W, 3), as of `gradient_products`, possibly shrunk. Strong and weak
    edges count alike at first, so that one bright line does not outvote the hair around it.
    """
    local = cv2.GaussianBlur(products, (0, 0), 0.7, borderType=cv2.BORDER_REFLECT_101)
    xx, xy, yy = cv2.split(local)
    energy = xx + yy
    strength = np.sqrt(energy + 1e-6)
    weighted = cv2.merge([(xx - yy) / strength, 2 * xy / strength, energy / strength])
    cos2, sin2, total = cv2.split(
        cv2.GaussianBlur(weighted, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    )
    length = np.hypot(cos2, sin2)
    safe = np.maximum(length, 1e-6)
    known = length > 1e-6
    return Orientation(
        np.where(known, cos2 / safe, np.float32(1)),
        np.where(known, sin2 / safe, np.float32(0)),
        np.clip(length / np.maximum(total, 1e-6), 0, 1),
    )
