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
FAINT = np.float32(0.04)
"""A matte of no more shows what is behind as it is."""
FADE = 2
"""Pixels on either side of a halo's outer edge over which it fades; an even number."""
HALO_REACH = WIDEST + 3 * FADE
"""Pixels from the matte to where nothing is halo any more."""
_LEAST, _SHARE = 2, 0.03
"""Pixels that a halo is wide at least, and head sizes at most."""
_GAP = 0.4
"""Of the half width of a gap between hair: no halo in it is wider, or nothing would be left."""
_ALONG = 0.05
"""In head sizes: the outline is looked at over this far to either side."""
_CROSSING = 5.0
"""Levels per pixel along the outline; a steeper edge is that of something else."""
_FALL_OFF = 1 / 12
"""How much less the known pixels of a pyramid's next coarser level count."""
_TIMES, _LEVELS = 1.35, 1.5
"""A ring is halo while it differs from the fill by so many times the usual, and levels more."""


def find_halo(luma: U8, hair: F32, head_size: float) -> F32:
    """How much of each pixel without matte shows hair beside it; float32 (H, W) in [0, 1].

    luma: uint8 (H, W), with even sides. hair: its matte. head_size: pixels. Half the size is
    enough to look at. The search goes ring by ring outwards, and ends where a ring differs from
    what the surroundings beyond say is behind no more than they do from their own blur. Where an
    edge of something else runs into the hair nothing but the first ring is halo: it must stay.
    """
    size = hair.shape[1] // 2, hair.shape[0] // 2
    picture = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    covered = cv2.resize(hair, size, interpolation=cv2.INTER_AREA) > FAINT
    away = 2 * cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5)
    most = int(np.clip(round(_SHARE * head_size), _LEAST + 2, WIDEST))
    beyond = (away > most).astype(np.float32)
    if not beyond.any():
        return np.zeros(hair.shape, np.float32)
    found = _rings(picture, away, mean_of_nearest(picture, beyond), most, _ALONG * head_size)
    # A step at its edge would be a line that travels with the hair.
    window = FADE + 1, FADE + 1
    wider = cv2.dilate(found.astype(np.uint8), np.ones(window, np.uint8)).astype(np.float32)
    smooth = cv2.resize(cv2.blur(wider, window), hair.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(hair > FAINT, 0, smooth).astype(np.float32)


def _rings(picture: F32, away: F32, fill: F32, most: int, along: float) -> Mask:
    """The halo, bool (H, W), at half size; `away` from the matte, `most` and `along` in pixels."""
    radius = max(2, round(along / 2))
    window = (2 * radius + 1, 2 * radius + 1)
    beyond = ((away > most + 4) & (away <= most + 4 + along)).astype(np.float32)
    texture = np.abs(picture - cv2.GaussianBlur(picture, (0, 0), 1.25)) * beyond
    usual = cv2.blur(texture, window) / np.maximum(cv2.blur(beyond, window), 1e-4)
    change = np.abs(picture - fill)
    crossed = crossed_by_edges(picture, away, most)
    gap = cv2.dilate(away, np.ones((most + 1, most + 1), np.uint8))
    narrow = away > np.maximum(_GAP * gap, _LEAST)
    going_on = np.ones(picture.shape, bool)
    found = (away > 0) & (away <= _LEAST)
    for ring in range(_LEAST, most + 1, 2):
        here = (away > ring - 2) & (away <= ring)
        weight = here.astype(np.float32)
        share = cv2.blur(weight, window)
        mean = cv2.blur(change * weight, window) / np.maximum(share, 1e-5)
        going_on &= (share < 1e-4) | (mean > _TIMES * usual + _LEVELS)
        found |= going_on & here & ~crossed & ~narrow
    return np.asarray(found)


def crossed_by_edges(picture: F32, away: F32, width: int) -> Mask:
    """Where an edge of something else runs into the hair; bool (H, W).

    picture: luma, float32 (H, W), levels, at half size. away: pixels of the whole size from the
    matte. width: of the halo at most.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.8)
    gx, gy = (cv2.Sobel(smooth, cv2.CV_32F, *d, scale=1 / 16) for d in ((1, 0), (0, 1)))
    outward = cv2.GaussianBlur(away, (0, 0), 1.0)
    nx, ny = (cv2.Sobel(outward, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    along = np.abs(gy * nx - gx * ny) / (np.hypot(nx, ny) + np.float32(1e-3))
    edge = (along > _CROSSING) & (away > width / 2) & (away <= width + 6)
    side = width + 3
    return np.asarray(cv2.dilate(edge.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def mean_of_nearest(picture: F32, trust: F32) -> F32:
    """Colours of the nearest trusted pixels, smoothly: a mean with weights that fall steeply."""
    totals, weights = [picture * trust], [trust]
    while max(totals[-1].shape) > 4:
        totals.append(cv2.pyrDown(totals[-1]))
        weights.append(cv2.pyrDown(weights[-1]))
    total, weight = totals[-1], weights[-1]
    for finer, known in zip(totals[-2::-1], weights[-2::-1], strict=True):
        size = finer.shape[::-1]
        total = finer + _FALL_OFF * cv2.pyrUp(total, dstsize=size)
        weight = known + _FALL_OFF * cv2.pyrUp(weight, dstsize=size)
    return np.asarray(total / np.maximum(weight, np.float32(1e-30)))
