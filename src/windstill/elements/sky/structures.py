"""What stands on the ground and rises into the matte of the sky: masts, towers, hazy hills."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.open_sky_colours import OpenSkyColours

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# A hill, or a branch, is this many levels darker than the sky around it (clouds on the horizon
# mostly are brighter), its edge is so steep (share of the contrast, in three pixels), and it
# reaches so far into the matte (share of the longer side). Its colours are none of the open sky's.
DARKER, HARD, HILL = 10, 0.4, 0.1
# The ground that it stands on, seen this near to the matte (pixels), mostly has such colours, too.
RIM, CREDIBLE = 9, 0.5
# Lattice and rails differ by so many levels from a median of so many pixels' side, and have gaps
# of up to this share of the longer side. A mast is so high (same share), so many times its width,
# and has so much of its rectangle.
LATTICE, MEDIAN, GAPS = 6, 5, 0.012
MAST, SLENDER, DENSE = 0.06, 1.5, 0.25
# Straight edges are looked for at this share of the size. The walls of a tower lean by no more
# than this (sideways for each pixel upwards), are so long, and so far apart at most (shares of the
# longer side); so much of the shorter one lies beside the other. Inside it is so many levels unlike
# the sky on both sides, which shows along so much of them.
SCALE = 0.6
LEAN, WALL, APART, BESIDE = 0.1, 0.035, 0.12, 0.6
UNLIKE = 6
# Between its foot and the ground the walls may be lost over this share of the longer side.
FOOT = 0.06


def structures(half: U8, inside: Bool, around: U8, colours: OpenSkyColours) -> Bool:
    """Where structures are in the matte: bool (h, w).

    half: uint8 (h, w, 3), Y, U, V. inside: bool (h, w), where it is sky. around: uint8 (h, w),
    see `surroundings`. colours: of this sky.
    """
    ground = _ground(inside)
    luma = np.ascontiguousarray(half[..., 0])
    if not ground.any():
        return np.zeros(luma.shape, bool)
    found = _hills(half, inside, around, colours, ground)
    found |= _masts(luma, inside, ground) | _towers(luma, inside, ground)
    return found & inside


def _ground(inside: Bool) -> Bool:
    """What is no sky and reaches the bottom of the picture's sky: bool (h, w)."""
    _, labels = cv2.connectedComponents((~inside).astype(np.uint8))
    below = np.unique(labels[-1])
    return np.asarray(np.isin(labels, below[below > 0]))


def _hills(half: U8, inside: Bool, around: U8, colours: OpenSkyColours, ground: Bool) -> Bool:
    """Dark parts of the matte on the ground, unlike the sky and with hard edges."""
    luma = np.ascontiguousarray(half[..., 0])
    reach = HILL * max(luma.shape)
    contrast = cv2.subtract(around, cv2.blur(luma, (3, 3)))
    dark = (contrast > DARKER) & inside
    rim = ground & (cv2.dilate(inside.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0)
    unlike = colours.lack(half, dark | rim)
    # Cloud that the matte leaves out is no ground.
    side = (2 * RIM + 1, 2 * RIM + 1)
    share = cv2.blur((rim & unlike).astype(np.float32), side)
    doubtful = rim & (share < CREDIBLE * cv2.blur(rim.astype(np.float32), side))
    standing = (ground & ~doubtful).astype(np.uint8)
    away = cv2.distanceTransform(1 - standing, cv2.DIST_L2, 3)
    dark &= unlike & (away < reach)
    if not dark.any():
        return np.zeros(luma.shape, bool)
    count, labels = cv2.connectedComponents(dark.astype(np.uint8))
    farthest, nearest = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(farthest, labels[dark], away[dark])
    np.minimum.at(nearest, labels[dark], away[dark])
    square = np.ones((3, 3), np.uint8)
    edge = dark & (cv2.erode(dark.astype(np.uint8), square) == 0) & (away > 2)
    steep = cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, square)

    def mean(values: NDArray[np.generic], where: Bool) -> F64:
        sums = np.bincount(labels[where], values[where], count)
        return np.asarray(sums / np.maximum(np.bincount(labels[where], minlength=count), 1))

    holds = (farthest < 0.97 * reach) & (nearest < 3)
    holds &= mean(steep, edge) > HARD * mean(contrast, dark)
    holds[0] = False
    return np.asarray(cv2.dilate(holds[labels].astype(np.uint8), square) > 0)


def _masts(luma: U8, inside: Bool, ground: Bool) -> Bool:
    """Tall groups of fine hard detail on the ground."""
    median = cv2.medianBlur(luma, MEDIAN)
    fine = ((cv2.absdiff(luma, median) > LATTICE) & inside).astype(np.uint8)
    longer = max(luma.shape)
    side = max(3, round(GAPS * longer)) | 1
    closed = cv2.morphologyEx(fine, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    tall = (height > MAST * longer) & (height > SLENDER * width) & (area > DENSE * width * height)
    tall[0] = False
    near = cv2.dilate(ground.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    grounded = np.zeros(count, bool)
    grounded[np.unique(labels[near])] = True
    found = (tall & grounded)[labels].astype(np.uint8)
    return np.asarray(cv2.dilate(found, np.ones((5, 5), np.uint8)) > 0)


def _towers(luma: U8, inside: Bool, ground: Bool) -> Bool:
    """What lies between two upright walls, down to the ground."""
    found = np.zeros(luma.shape, np.uint8)
    longer = max(luma.shape)
    segments = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, SCALE).detect(luma)[0]
    if segments is None:
        return found > 0
    walls = _walls(segments[:, 0], WALL * longer)
    foot = round(FOOT * longer)
    for left, right in _pairs(walls, APART * longer):
        top = max(min(left[1], right[1]), 0)
        bottom = min(max(left[3], right[3]), len(luma) - 1)
        corners = np.array([[left[0], top], [right[0], top], [right[2], bottom], [left[2], bottom]])
        middle = int(np.clip((left[2] + right[2]) / 2, 0, luma.shape[1] - 1))
        below = ground[int(bottom) : int(bottom) + foot + 1, middle]
        if below.any() and _stands_out(luma, inside, left, right):
            corners[2:, 1] += int(np.argmax(below))
            cv2.fillPoly(found, [np.rint(corners).astype(np.int32)], 1)
    return np.asarray(cv2.dilate(found, np.ones((5, 5), np.uint8)) > 0)


def _walls(segments: F32, length: float) -> F32:
    """The upright ones among segments, (n, 4), from top to bottom: x, y, x, y, polarity."""
    x0, y0, x1, y1 = segments.T
    upright = (np.abs(x1 - x0) < LEAN * np.abs(y1 - y0)) & (np.abs(y1 - y0) > length)
    chosen = segments[upright]
    # The detector has the darker side always on the same hand of the way it goes.
    polarity = np.sign(chosen[:, 3] - chosen[:, 1])
    flip = polarity < 0
    chosen[flip] = chosen[flip][:, [2, 3, 0, 1]]
    return np.column_stack([chosen, polarity]).astype(np.float32)


def _pairs(walls: F32, apart: float) -> list[tuple[F32, F32]]:
    """Left and right walls with the sky on the outside: of opposite polarity, side by side."""
    pairs = []
    for left in walls:
        for right in walls[(walls[:, 4] != left[4]) & (walls[:, 0] > left[0] + 1)]:
            overlap = min(left[3], right[3]) - max(left[1], right[1])
            shorter = min(left[3] - left[1], right[3] - right[1])
            if right[0] - left[0] < apart and overlap > BESIDE * shorter:
                pairs.append((left, right))
    return pairs


def _stands_out(luma: U8, sky: Bool, left: F32, right: F32) -> bool:
    """Whether there is sky left and right, and what is between is brighter, or darker."""
    rows = np.linspace(max(left[1], right[1]), min(left[3], right[3]), 9)[1:-1]
    first, last = (
        np.interp(rows, (wall[1], wall[3]), (wall[0], wall[2])) for wall in (left, right)
    )
    wide = last - first

    def at(plane: NDArray[Any], columns: F64) -> F64:
        inner = np.clip(np.rint(columns), 0, plane.shape[1] - 1).astype(int)
        outer = np.clip(np.rint(rows), 0, len(plane) - 1).astype(int)
        return np.asarray(plane[outer, inner], float)

    beside = np.minimum(0.5 * wide + 2, 6)
    sides = first - beside, last + beside
    if min(float(at(sky, side).mean()) for side in sides) < BESIDE:
        return False
    outside = [float(np.median(at(luma, side))) for side in sides]
    between = [at(luma, first + share * wide) for share in (0.3, 0.5, 0.7)]
    within = float(np.median(np.concatenate(between)))
    return within < min(outside) - UNLIKE or within > max(outside) + UNLIKE
