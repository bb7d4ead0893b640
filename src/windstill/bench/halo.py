"""Colours at the edge of a matte that neither the photo nor what moves can explain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.bench.metrics import Frames, Mask

U8 = NDArray[np.uint8]


def edge_band(matte: NDArray[np.float32], width: int = 6) -> Mask:
    """Pixels within `width` of the edge of `matte`, float32 (H, W)."""
    inside = (matte > 0.5).astype(np.uint8)
    kernel = _disc(width)
    return np.asarray(cv2.dilate(inside, kernel) != cv2.erode(inside, kernel))


def overshoot(
    frames: Frames,
    still: U8,
    matte: NDArray[np.float32],
    *,
    travel: float,
    revealing: bool,
    share: float = 99.9,
) -> float:
    """How far luma near the matte's edge leaves what may be there, levels.

    Allowed at a pixel are the photo's values next to it, and those of the pure element within
    `travel` pixels. If `revealing` (hair uncovers what is behind it, and is seldom pure at its
    strands), also those of the pure surroundings as far, and of all that is hair for the most
    part. The `share`-th percentile over the band of each pixel's worst moment.
    """
    low, high = _range(still, np.ones_like(matte, bool), 2)
    pure = [_eroded(matte > 0.98)]
    if revealing:
        pure = [matte > 0.5, _eroded(matte < 0.02)]
    for mask in pure:
        least, most = _range(still, mask, int(np.ceil(travel)) + 2)
        low, high = np.minimum(low, least), np.maximum(high, most)
    band = edge_band(matte)
    if not band.any():
        return 0.0
    worst = np.zeros(int(band.sum()), np.int16)
    below, above = low[band].astype(np.int16), high[band].astype(np.int16)
    for frame in frames:
        shown = frame[band].astype(np.int16)
        np.maximum(worst, np.maximum(shown - above, below - shown), out=worst)
    return float(np.percentile(worst, share))


def _range(still: U8, mask: Mask, radius: int) -> tuple[U8, U8]:
    """The least and the largest value of `still` in `mask` around each pixel."""
    # A square is separable, which makes a wide one cheap.
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    low = cv2.erode(np.where(mask, still, np.uint8(255)), kernel)
    high = cv2.dilate(np.where(mask, still, np.uint8(0)), kernel)
    return np.asarray(low, np.uint8), np.asarray(high, np.uint8)


def _eroded(mask: NDArray[np.bool_]) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(2)) > 0)


def _disc(radius: int) -> U8:
    size = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size), np.uint8)
