"""How good a matte is against a label: IoU, boundary F-score, IoU near the edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8

BOUNDARY_TOLERANCE = 0.008
TRIMAP_BAND = 0.02

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """Of one picture; each in [0, 1]."""

    iou: float
    boundary: float
    band: float
    false_area: float


def iou(found: Bool, true: Bool, counted: Bool) -> float:
    """Intersection over union among `counted` pixels; 1 where both are empty."""
    union = np.count_nonzero((found | true) & counted)
    return float(np.count_nonzero(found & true & counted) / union) if union else 1.0


def reach(shape: tuple[int, ...], fraction: float) -> int:
    return max(1, round(fraction * float(np.hypot(*shape[:2]))))


def _disc(radius: int) -> U8:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8
    )


def _border(mask: Bool) -> U8:
    plane = mask.astype(np.uint8)
    inner = cv2.erode(plane, _disc(1), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray(plane - inner, np.uint8)


def boundary_f(found: Bool, true: Bool, counted: Bool) -> float:
    """F-score of boundary pixels that have a partner within 0.8 % of the diagonal."""
    near = _disc(reach(true.shape, BOUNDARY_TOLERANCE))
    a, b = _border(found), _border(true)
    a[~counted], b[~counted] = 0, 0
    count_a, count_b = int(a.sum()), int(b.sum())
    if count_a == 0 and count_b == 0:
        return 1.0
    precision = int((a & cv2.dilate(b, near)).sum()) / max(count_a, 1)
    recall = int((b & cv2.dilate(a, near)).sum()) / max(count_b, 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def score(matte: NDArray[np.float32], label: U8) -> Score:
    """Of a matte (H, W) in [0, 1] against a label (H, W): 255 element, 0 not, 128 ignore."""
    found, true = matte > 0.5, label > 191
    counted = (label < 64) | true
    band = cv2.dilate(_border(true), _disc(reach(true.shape, TRIMAP_BAND))) > 0
    return Score(
        iou(found, true, counted),
        boundary_f(found, true, counted),
        iou(found, true, counted & band),
        float(np.count_nonzero(found & ~true & counted) / found.size),
    )
