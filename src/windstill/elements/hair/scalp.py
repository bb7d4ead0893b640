"""Where the hair grows from: the heads in a picture and their scalps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_THUMB_SIDE = 256
_MIN_AREA = 0.0004
"""Smaller faces and heads of hair, as a share of the picture, are no heads."""


@dataclass(frozen=True)
class Head:
    """A head, upright, in pixels.

    size: from chin to crown. x, y: centre of the oval whose hair lies on the scalp. radius_x,
    above, below: its half axes, the vertical one above and below the centre.
    """

    size: float
    x: float
    y: float
    radius_x: float
    above: float
    below: float

    def covers(self, positions: F32) -> Mask:
        """Which positions (..., 2) lie on the scalp."""
        dx = (positions[..., 0] - self.x) / self.radius_x
        dy = positions[..., 1] - self.y
        dy = dy / np.where(dy < 0, self.above, self.below)
        return np.asarray(dx * dx + dy * dy <= 1)

    def distance(self, x: float, y: float) -> float:
        """How far a point lies from the scalp's centre, in head sizes."""
        return float(np.hypot(x - self.x, y - self.y)) / self.size

    def moved(self, scale: float, left: float = 0.0, top: float = 0.0) -> Head:
        """The same head after scaling the picture, then taking (left, top) as its origin."""
        return Head(
            self.size * scale,
            self.x * scale - left,
            self.y * scale - top,
            self.radius_x * scale,
            self.above * scale,
            self.below * scale,
        )


def find_heads(hair: F32, face: F32) -> list[Head]:
    """The heads that carry hair.

    hair, face: mattes, float32 (H, W). A visible face tells where its head is. Hair without one
    nearby, as seen from behind, is taken for a head if the widest disc that fits under its top
    is large enough; shapes alone decide, so such a head is less certain.
    """
    scale = _THUMB_SIDE / max(hair.shape)
    size = max(1, round(hair.shape[1] * scale)), max(1, round(hair.shape[0] * scale))
    thumb = cv2.resize(hair, size, interpolation=cv2.INTER_AREA) > 0.5
    thumb_face = cv2.resize(face, size, interpolation=cv2.INTER_AREA) > 0.5
    heads = [
        head for blob in _blobs(thumb_face) if (head := _head_of_face(blob, thumb)) is not None
    ]
    for blob in _blobs(thumb):
        if not any(_belongs(blob, head) for head in heads):
            heads.append(_head_from_behind(blob))
    return [head.moved(1 / scale) for head in heads]


def _blobs(mask: Mask) -> list[Mask]:
    """Connected parts that are large enough, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    order = sorted(range(1, count), key=lambda label: -areas[label])
    return [labels == label for label in order if areas[label] >= _MIN_AREA * mask.size]


def _head_of_face(face: Mask, hair: Mask) -> Head | None:
    rows, columns = np.nonzero(face)
    left, right = np.percentile(columns, (1, 99))
    top, chin = np.percentile(rows, (1, 99))
    width, height = right - left + 1, chin - top + 1
    # A fringe may hide half of the face, and a profile is narrow: both measures are needed.
    size = float(np.clip(1.3 * width, 1.2 * height, 1.7 * height))
    middle = (left + right) / 2
    near = np.abs(np.arange(hair.shape[1]) - middle) <= 0.5 * width
    above = np.flatnonzero(hair[:, near].any(axis=1))
    above = above[(above >= chin - 1.6 * size) & (above <= chin - 0.3 * size)]
    if above.size == 0:
        return None
    crown = max(chin - size, float(above[0]))
    size = chin - crown
    skull = (hair | face)[int(crown) : int(crown + 0.45 * size) + 1]
    x = _middle(skull, middle, 0.7 * size)
    return Head(size, x, crown + 0.37 * size, 0.38 * size, 0.38 * size, 0.38 * size)


def _middle(mask: Mask, middle: float, reach: float) -> float:
    """Mean over the rows of the centre of their extent, within `reach` of `middle`."""
    low = max(0, int(middle - reach))
    window = mask[:, low : int(middle + reach) + 1]
    rows = window[window.any(axis=1)]
    if rows.shape[0] == 0:
        return middle
    first = rows.argmax(axis=1)
    last = rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)
    return float(low + (first + last).mean() / 2)


def _head_from_behind(hair: Mask) -> Head:
    # Hair that the picture's edge cuts goes on beyond it.
    border = max(hair.shape) // 2
    padded = cv2.copyMakeBorder(
        hair.astype(np.uint8), border, border, border, border, cv2.BORDER_REPLICATE
    )
    padded[:border] = 0
    filled = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    radius = cv2.distanceTransform(filled, cv2.DIST_L2, 5)[border:-border, border:-border]
    top = np.flatnonzero(hair.any(axis=1))[0]
    gap = np.maximum(np.arange(hair.shape[0])[:, None] - radius - top, 0)
    # A knot on top is no head: somewhat lower is fine if much wider.
    y, x = np.unravel_index(np.argmax(np.where(hair, radius - 0.5 * gap, -1)), hair.shape)
    r = max(float(radius[y, x]), 1.0)
    # From behind the crown's outline is scalp too; lower down hair hangs loose over the nape.
    return Head(2.4 * r, float(x), float(y) - 0.1 * r, 1.1 * r, 1.2 * r, 0.5 * r)


def _belongs(hair: Mask, head: Head) -> bool:
    """Whether hair lies so near to a head that it must be that head's."""
    rows, columns = np.nonzero(hair)
    distance = np.hypot(columns - head.x, rows - head.y) / head.size
    return bool(distance.min() < 0.9)
