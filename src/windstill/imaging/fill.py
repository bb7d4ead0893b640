"""Completing a picture where it is unknown, smoothly, by push-pull over an image pyramid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.warp import identity_map

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEAST = np.float32(1e-4)
"""A weight of no more says that nothing is known."""


def push_pull(values: F32, weight: F32) -> F32:
    """`values` completed where `weight` is 0.

    values: float32 (H, W) or (H, W, C), any range. weight: float32 (H, W) in [0, 1], how well
    each pixel is known. Known pixels (weight 1) come back unchanged; unknown ones get a smooth
    blend of the nearest known ones (Gortler et al. 1996, section 3.3.3). If nothing is known the
    result is 0.
    """
    levels = _levels(weight)
    if values.ndim == 2:
        return _filled(values, levels)
    return np.stack([_filled(plane, levels) for plane in cv2.split(values)], axis=2)


def push_pull_layered(values: F32, weight: F32, flatness: int) -> F32:
    """`values` completed as by `push_pull`, by what is known at the same height above all.

    values: float32 (H, W, C). weight: float32 (H, W) in [0, 1]. flatness: how many times as far as
    up and down what is known counts sideways: pictures of layers, as skies are, go on level.
    """
    height, width = weight.shape
    size = max(1, width // flatness), height
    narrow = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(values * weight[..., None], size, interpolation=cv2.INTER_AREA)
    layers = push_pull(sums / np.maximum(narrow, _LEAST)[..., None], narrow)
    wide = cv2.resize(layers, (width, height), interpolation=cv2.INTER_CUBIC)
    found: F32 = wide + push_pull(values - wide, weight)
    return found


@dataclass(frozen=True)
class _Level:
    """What a level of the pyramid takes from the weights, float32 (h, w).

    known: they themselves. inverse: 1 by them, 0 where nothing is known. share: how far what is
    known here counts against what is coarser.
    """

    known: F32
    inverse: F32
    share: F32

    @classmethod
    def of(cls, known: F32, certain: float) -> _Level:
        inverse = np.where(known > _LEAST, 1 / np.maximum(known, _LEAST), np.float32(0))
        return cls(known, inverse, np.minimum(known * np.float32(certain), np.float32(1)))


def _levels(weight: F32) -> list[_Level]:
    """Those of the pyramid of weights, finest first."""
    levels = [_Level.of(weight, 1.0)]
    while min(levels[-1].known.shape) > 1 and max(levels[-1].known.shape) > 2:
        # At coarse levels the smoothed weight says how much of a cell is known.
        levels.append(_Level.of(cv2.pyrDown(levels[-1].known), 4.0))
    return levels


def _filled(values: F32, levels: list[_Level]) -> F32:
    """One plane, completed."""
    sums = [values * levels[0].known]
    for _ in levels[1:]:
        sums.append(cv2.pyrDown(sums[-1]))
    filled = sums[-1] * levels[-1].inverse
    for total, level in zip(sums[-2::-1], levels[-2::-1], strict=True):
        coarse = cv2.pyrUp(filled, dstsize=(total.shape[1], total.shape[0]))
        filled = coarse + level.share * (total * level.inverse - coarse)
    return filled.astype(np.float32, copy=False)


def nearest_known(known: Mask) -> tuple[F32, F32]:
    """How far each pixel is from the nearest one of `known`, bool (H, W), and where that lies.

    float32 (H, W), pixels, and (H, W, 2), x and y.
    """
    distance, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.zeros((int(labels.max()) + 1, 2), np.float32)
    places[labels[known]] = identity_map(*known.shape)[known]
    return distance, np.take(places, labels, axis=0)
