"""How far beside its matte hair can still be seen: soft edges, flyaways, ringing of JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WIDEST = 10
"""Pixels: no halo is wider, as seen on 36 portraits of 1280 pixels."""
FADE = 2
"""Pixels on either side of a halo's outer edge over which it fades."""
HALO_REACH = WIDEST + 2 * FADE
_LEAST, _SHARE = 2, 0.03
"""Pixels that a halo is wide at least, and head sizes at most."""
_ALONG = 0.05
"""In head sizes: the outline is looked at over this far to either side."""
_CROSSING = 5.0
"""Levels per pixel along the outline; a steeper edge is that of something else."""
_TIMES, _LEVELS = 1.35, 1.5
"""A ring is halo while it differs from the fill by so many times the usual, and levels more."""


def widest_halo(head_size: float) -> int:
    """Pixels that the halo of a head's hair is wide at most."""
    return int(np.clip(round(_SHARE * head_size), _LEAST + 1, WIDEST))


def find_halo(luma: U8, hair: F32, fill: F32, head_size: float) -> Mask:
    """Pixels without matte that still show some of the hair beside them; bool (H, W).

    luma: uint8 (H, W). hair: its matte. fill: what the surroundings beyond any halo say is behind,
    levels. The search goes ring by ring outwards, and ends where a ring differs from the fill no
    more than the surroundings do from their own blur. Where an edge of something else runs into
    the hair nothing but the first two rings is halo: the edge must stay.
    """
    most = widest_halo(head_size)
    away = cv2.distanceTransform((hair <= 0).astype(np.uint8), cv2.DIST_L2, 5)
    picture = luma.astype(np.float32)
    radius = max(4, round(_ALONG * head_size))
    window = (2 * radius + 1, 2 * radius + 1)
    beyond = ((away > most + 3) & (away <= most + 3 + radius)).astype(np.float32)
    texture = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 2.5)) * beyond
    usual = cv2.blur(texture, window) / np.maximum(cv2.blur(beyond, window), 1e-4)
    change = np.abs(picture - fill)
    crossed = crossed_by_edges(picture, away, most)
    still_halo = np.ones(hair.shape, bool)
    found = (away > 0) & (away <= _LEAST)
    for ring in range(1, most + 1):
        here = ((away > ring - 1) & (away <= ring)).astype(np.float32)
        share = cv2.blur(here, window)
        mean = cv2.blur(change * here, window) / np.maximum(share, 1e-5)
        still_halo &= (share < 1e-4) | (mean > _TIMES * usual + _LEVELS)
        found |= still_halo & (here > 0) & ~crossed
    return np.asarray(found)


def crossed_by_edges(picture: F32, away: F32, width: int) -> Mask:
    """Where an edge of something else runs into the hair; bool (H, W).

    picture: luma, float32 (H, W), levels. away: pixels from the matte. width: of the halo at most.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5)
    gx, gy = (cv2.Sobel(smooth, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1)))
    outward = cv2.GaussianBlur(away, (0, 0), 2.0)
    nx, ny = (cv2.Sobel(outward, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    along = np.abs(gy * nx - gx * ny) / (np.hypot(nx, ny) + np.float32(1e-3))
    edge = (along > _CROSSING) & (away > width / 2) & (away <= width + 6)
    side = 2 * width + 5
    return np.asarray(cv2.dilate(edge.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)
