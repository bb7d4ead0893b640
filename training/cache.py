"""Decoded pictures and labels in memory, so that the training step is never kept waiting.

Labels of one picture are one byte per pixel: bits 0 to 2 say that the pixel is sky, hair, face;
bits 3 to 5 say that this is known. Five thousand pictures take about three gigabytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.sources import CLASSES, FACE, HAIR, Item

LONG_SIDE = 560

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """A decoded picture: `rgb` uint8 (H, W, 3) and `labels` uint8 (H, W) in the packed form."""

    rgb: U8
    labels: U8
    item: Item


def read_rgb(path: Path, long_side: int | None = None) -> U8:
    """An image file as uint8 RGB (H, W, 3), shrunk so that no side exceeds `long_side`."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(path)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    longest = max(rgb.shape[:2])
    if long_side is not None and longest > long_side:
        factor = long_side / longest
        rgb = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(rgb, np.uint8)


def read_mask(path: Path) -> U8:
    """A mask file as uint8 (H, W): 255 element, 0 not, 128 ignore."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise FileNotFoundError(path)
    return np.asarray(mask, np.uint8)


def _packed(item: Item, height: int, width: int) -> U8:
    labels = np.zeros((height, width), np.uint8)
    elsewhere = np.zeros((height, width), bool)
    for index in range(len(CLASSES)):
        path = item.masks[index]
        if path is not None:
            mask = cv2.resize(read_mask(path), (width, height), interpolation=cv2.INTER_NEAREST)
            present = mask > 191
            labels[present] |= 1 << index
            labels[present | (mask < 64)] |= 8 << index
            elsewhere |= present
        elif index in item.absent:
            labels |= 8 << index
    if item.masks[HAIR] is not None and item.masks[FACE] is None:
        labels[~_face_possible(labels)] |= 8 << FACE
    # What is one element is known not to be another, whatever the set labels.
    labels[elsewhere] |= 8 | 16 | 32
    return labels


def _face_possible(labels: U8) -> NDArray[np.bool_]:
    """Where a face can be, given the hair: around it, and a head's length below its top."""
    possible = np.zeros(labels.shape, bool)
    ys, xs = np.nonzero((labels >> HAIR) & 1)
    if len(ys):
        width = int(xs.max() - xs.min()) + 1
        bottom = max(int(ys.max()), int(ys.min() + 1.7 * width)) + width // 8
        left, right = int(xs.min()) - width // 3, int(xs.max()) + width // 3
        possible[max(0, int(ys.min()) - width // 5) : bottom, max(0, left) : right] = True
    return possible


def load(item: Item) -> Sample:
    """Decode one picture and pack its labels."""
    rgb = read_rgb(item.photo, LONG_SIDE)
    return Sample(rgb, _packed(item, *rgb.shape[:2]), item)


def load_all(items: list[Item], threads: int = 2) -> list[Sample]:
    """Decode many pictures, in the order given."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(load, items))


def unpack(labels: U8) -> tuple[U8, U8]:
    """Packed labels (H, W) as (values, known), each uint8 (H, W, 3) of 0 or 255."""
    table = np.arange(256, dtype=np.uint8)
    values = [((table >> bit) & 1) * 255 for bit in (0, 1, 2)]
    known = [((table >> bit) & 1) * 255 for bit in (3, 4, 5)]
    planes = cv2.merge([labels, labels, labels])
    return (
        np.asarray(cv2.LUT(planes, np.stack(values, -1)[None].astype(np.uint8)), np.uint8),
        np.asarray(cv2.LUT(planes, np.stack(known, -1)[None].astype(np.uint8)), np.uint8),
    )
