"""The moon, whole, half, crescent or cut by a cloud, and the sun where its outline shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Spots this many levels brighter than the sky around are looked at: the largest, so many.
CONTRASTS = (16, 32, 64)
LOOKED_AT = 8
# Radii: half-size pixels, and a share of the longer side.
SMALLEST, LARGEST = 2.0, 0.06
# Circles tried for each spot, through three points of its outline each, and how near (pixels,
# share of the radius) how much of the outline lies to a promising one. (A half moon's arc is three
# fifths of its outline.)
TRIALS = 30
NEAR, NEAR_SHARE, PROMISING = 0.5, 0.06, 0.55
# Directions in which its rim is looked at. The luma falls there by half at the circle's radius,
# give or take so much, and by most of it within so many pixels.
DIRECTIONS = 72
OFF, OFF_SHARE = 0.35, 0.02
RIM, MOST = 1.5, 0.6
# Where a rim shows at all, most of it is like this, over such an arc (degrees); a large crescent
# (its radius is more than so many pixels) at night (the sky is darker than this) has less. If the
# disc is so small (pixels) that its shape says little, the sky around it is plain: it has a range
# of such a share of the contrast.
CLEAN, ARC, NIGHT_ARC, NIGHT, LARGE = 0.7, 150, 90, 60, 10.0
TINY, PLAIN = 6.0, 0.15
# Around it: its glow.
MARGIN, MARGIN_SHARE = 3.0, 0.12


def find_discs(luma: U8, inside: Bool, around: U8) -> Bool:
    """Where discs are, with their dark parts: bool (h, w).

    luma: uint8 (h, w), of half the size. inside: bool (h, w), where it is sky. around: uint8
    (h, w), see `surroundings`.
    """
    found = np.zeros(luma.shape, np.uint8)
    above = cv2.subtract(luma, around)
    above[~inside] = 0
    largest = LARGEST * max(luma.shape)
    rng = np.random.default_rng(0)
    for contrast in CONTRASTS:
        spots = (above > contrast).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
        for spot in _candidates(stats, largest):
            x, y, width, height = (int(value) for value in stats[spot, :4])
            box = np.s_[y : y + height, x : x + width]
            if found[box].any():
                continue
            for circle in _circles((labels[box] == spot).astype(np.uint8), largest, rng):
                circle[:2] += x, y
                if _is_disc(luma, circle):
                    radius = circle[2] * (1 + MARGIN_SHARE) + MARGIN
                    centre = round(float(circle[0])), round(float(circle[1]))
                    cv2.circle(found, centre, round(float(radius)), 1, -1)
                    break
    return np.asarray((found > 0) & inside)


def _candidates(stats: NDArray[np.int32], largest: float) -> NDArray[np.intp]:
    """Which components, (n, 5), have the size and the solidity of a part of a disc."""
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    longer = np.maximum(width, height)
    fits = (longer >= 2 * SMALLEST) & (longer <= 2.5 * largest) & (area > 0.3 * width * height)
    fits[0] = False
    which = np.flatnonzero(fits)
    return which[np.argsort(-area[which], kind="stable")][:LOOKED_AT]


def _circles(mask: U8, largest: float, rng: np.random.Generator) -> F64:
    """The circles, (n, 3), x, y, radius, that fit a spot's outline best; none if none fits.

    mask: uint8 (h, w), 1 in the spot.
    """
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=len)[:, 0].astype(np.float64) - 1
    circles = _through(outline[rng.integers(0, len(outline), (TRIALS, 3))])
    circles = circles[(circles[:, 2] >= SMALLEST) & (circles[:, 2] <= largest)]
    if not len(circles):
        return circles
    offsets = outline[None] - circles[:, None, :2]
    off = np.abs(np.hypot(offsets[..., 0], offsets[..., 1]) - circles[:, 2:])
    near = (off < NEAR + NEAR_SHARE * circles[:, 2:]).mean(axis=1)
    best = int(near.argmax())
    if near[best] < PROMISING:
        return circles[:0]
    return _refined(outline[off[best] < NEAR + NEAR_SHARE * circles[best, 2]])


def _refined(points: F64) -> F64:
    """The circle nearest to the outermost pixels of a spot, (n, 2), by least squares, (1, 3): its
    rim lies half a pixel beyond."""
    design = np.column_stack([2 * points, np.ones(len(points))])
    x, y, rest = np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0]
    return np.array([[x, y, np.sqrt(max(rest + x * x + y * y, 0)) + 0.5]])


def _is_disc(luma: U8, circle: F64) -> bool:
    """Whether the luma falls at the circle as it does at a disc's rim."""
    x, y, radius = (float(value) for value in circle)
    reach = 0.25 * radius + 4
    radii = np.arange(max(radius - reach, 0.5), radius + reach, 0.5, dtype=np.float32)
    angles = np.arange(DIRECTIONS, dtype=np.float32) * np.float32(2 * np.pi / DIRECTIONS)
    columns = np.float32(x) + np.cos(angles)[:, None] * radii
    rows = np.float32(y) + np.sin(angles)[:, None] * radii
    seen = cv2.remap(luma, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profile = seen.astype(np.float32)
    inner = profile[:, radii < radius - 0.5].max(axis=1)
    beyond = profile[:, radii > radius + RIM]
    outer = beyond.mean(axis=1)
    contrast = inner - outer
    strongest = float(np.percentile(contrast, 90))
    if strongest < CONTRASTS[0] / 2:
        return False
    lit = contrast > 0.5 * strongest
    middle = (inner + outer)[:, None] / 2
    # The outermost sample that is brighter than the middle.
    last = profile.shape[1] - 1 - np.argmax((profile > middle)[:, ::-1], axis=1)
    where = radii[last] + 0.25
    columns_of = np.arange(DIRECTIONS)
    steps = round(2 * RIM)
    fall = (
        profile[columns_of, np.maximum(last + 1 - steps // 2 - 1, 0)]
        - profile[columns_of, np.minimum(last + 1 + steps // 2, len(radii) - 1)]
    )
    clean = lit & (np.abs(where - np.median(where[lit])) < 2 * (OFF + OFF_SHARE * radius))
    clean &= fall > MOST * contrast
    arc = int(clean.sum()) * 360 // DIRECTIONS
    spread = float(np.std(where[clean])) if clean.any() else np.inf
    dark = np.median(outer) < NIGHT and radius > LARGE
    least = NIGHT_ARC if dark else ARC
    if arc < least or clean.sum() < CLEAN * lit.sum() or spread > OFF + OFF_SHARE * radius:
        return False
    return bool(radius >= TINY or np.ptp(np.percentile(beyond, (5, 95))) < PLAIN * strongest)


def _through(points: F64) -> F64:
    """The circles, (n, 3), x, y, radius, through three points each, (n, 3, 2)."""
    origin, one, other = points[:, 0], points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    twice = 2 * (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    apart = np.abs(twice) > 1
    origin, one, other, twice = origin[apart], one[apart], other[apart], twice[apart]
    a, b = (one**2).sum(axis=1), (other**2).sum(axis=1)
    x = (other[:, 1] * a - one[:, 1] * b) / twice
    y = (one[:, 0] * b - other[:, 0] * a) / twice
    return np.column_stack([origin[:, 0] + x, origin[:, 1] + y, np.hypot(x, y)])
