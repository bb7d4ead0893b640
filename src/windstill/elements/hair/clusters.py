"""Which heads' hair may touch, so that it is lifted together."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.scalp import Head

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BESIDE = 0.75
"""Hair that comes within this many head sizes of a head's centre is that head's."""


def clusters(hair: F32, heads: list[Head]) -> list[tuple[list[Head], F32]]:
    """Heads whose hair may touch, each group with the matte of its own hair."""
    scale = 256 / max(hair.shape)
    thumb = cv2.resize(hair, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) > 0.02
    radius = max(2, round(0.08 * scale * float(np.median([head.size for head in heads]))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    count, labels = cv2.connectedComponents(cv2.dilate(thumb.astype(np.uint8), kernel))
    groups: dict[int, list[Head]] = {}
    for head in heads:
        groups.setdefault(_label_at(labels, head, scale), []).append(head)
    groups.pop(0, None)
    # Where a face or the picture's edge parts the hair of one head, both parts are that head's.
    owner = {label: label for label in groups}
    for label in range(1, count):
        nearest = _nearest(labels == label, groups, scale)
        if label not in groups and nearest is not None:
            owner[label] = nearest
    found = []
    for label, own in groups.items():
        members = [part for part, head in owner.items() if head == label]
        mask = cv2.resize(
            np.isin(labels, members).astype(np.uint8),
            hair.shape[::-1],
            interpolation=cv2.INTER_NEAREST,
        )
        found.append((own, hair * mask if count > 2 else hair))
    return found


def _nearest(part: Mask, groups: dict[int, list[Head]], scale: float) -> int | None:
    """The group with the head that a headless part of hair lies beside; None if there is none."""
    rows, columns = np.nonzero(part)
    best, least = None, _BESIDE
    for label, heads in groups.items():
        for head in (head.moved(scale) for head in heads):
            away = float(np.hypot(columns - head.x, rows - head.y).min()) / head.size
            if away < least:
                best, least = label, away
    return best


def _label_at(labels: NDArray[np.int32], head: Head, scale: float) -> int:
    """The group whose pixels cover most of a head's scalp."""
    rows, columns = labels.shape
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    on_scalp = head.moved(scale).covers(np.stack([x, y], axis=2))
    votes = np.bincount(labels[on_scalp & (labels > 0)].ravel(), minlength=1)
    return int(votes.argmax()) if votes.any() else 0
