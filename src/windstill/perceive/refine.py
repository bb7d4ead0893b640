"""From a region at the network's size to a soft matte at the photo's.

Only a zone around the region's border is uncertain: a narrow band everywhere, and as much more as
the network is in doubt, as it is where sky shows through a tree. There the photo's own colours
decide, and where they don't tell, its edges (`edges`). Within the zone's inner rim the matte is
exactly 1, beyond its outer rim exactly 0, because what is exactly 0 is promised to stay still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.affine import evaluate
from windstill.perceive.edges import edge_functions
from windstill.perceive.regions import disc, grown_from, without_rejected

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Longer side of the small copy on which colours and edges are found, in pixels.
GUIDE_SIDE = 800
# The network is in doubt between these probabilities.
DOUBT = (0.03, 0.94)
# Levels by which a thin thing differs from both its sides.
THIN_CONTRAST = 26
# Mean colours of both sides are found on a copy so many times smaller than the guide.
COARSER = 4
# Where colours don't tell, probabilities between these become the matte.
SLOPE = (0.25, 0.75)


@dataclass(frozen=True)
class Edge:
    """How soft an element's border is.

    band: half the width of what is always uncertain; doubt: how far doubts count; radius: of the
    windows; all parts of the diagonal. epsilon: of the guided filter. contrast and passes: of the
    colours; without passes they don't count. thin: half the width of stems (part of the diagonal),
    which grow into what `stems` says. What is found is stretched so that `low` becomes 0
    and `high` becomes 1.
    """

    band: float
    doubt: float
    radius: float
    epsilon: float
    contrast: float
    passes: int
    thin: float
    stems: Literal["region", "rest"]
    low: float
    high: float


SKY_EDGE = Edge(
    0.014, 0.05, 0.012, 1e-4, 0.02, passes=2, thin=0.003, stems="region", low=0.10, high=0.90
)
HAIR_EDGE = Edge(
    0.020, 0.035, 0.009, 1e-4, 0.06, passes=2, thin=0.002, stems="rest", low=0.20, high=0.95
)
FACE_EDGE = Edge(0.010, 0.0, 0.006, 1e-3, 0.0, passes=0, thin=0, stems="rest", low=0.10, high=0.90)


def soft_matte(rgb: U8, probability: F32, region: Bool, edge: Edge, out: F32) -> None:
    """Writes the matte of a region into `out`.

    rgb: uint8 (H, W, 3). probability: float32 (h, w) and region: bool (h, w), covering the same
    picture at the network's size. out: float32 (H, W), overwritten.
    """
    if not region.any():
        out[:] = 0
        return
    size = _guide_size(rgb)
    diagonal = float(np.hypot(*size))
    band, doubt = (max(2, round(part * diagonal)) for part in (edge.band, edge.doubt))
    radius = max(2, round(edge.radius * diagonal))
    inside = np.asarray(cv2.resize(region.astype(np.float32), size) > 0.5)
    functions = np.zeros((*inside.shape, 4), np.float32)
    functions[..., 3] = inside
    # Beyond this nothing can belong to the region.
    near = _window(inside, max(band, doubt) + 2 * band + 2 * radius)
    if near is not None:
        likely = np.asarray(cv2.resize(probability, size), np.float32)[near]
        guide = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))[near]
        border = _border(guide, likely, inside[near], band, max(band, doubt), edge, diagonal)
        _soften(functions[near], guide, border, radius, edge)
    evaluate(functions, rgb, edge.low, edge.high, out)


def _border(
    guide: U8, likely: F32, inside: Bool, band: int, doubt: int, edge: Edge, diagonal: float
) -> Border:
    away, depth = _distances(inside)
    border = Border.of(likely, inside, away, depth, band, doubt)
    # In a small picture of a head, what is a pixel wide is no strand.
    if edge.thin * diagonal < 1:
        return border
    thin = _thin(guide, max(2, round(edge.thin * diagonal)))
    if edge.stems == "rest":
        # Foliage behind a head is as thin as strands are. A twig is unlike the sky in any colour.
        thin &= _coloured_as(guide, inside, away, doubt)
        grown = stems(thin, inside, away, doubt, 1)
    else:
        grown = stems(thin, ~inside, depth, doubt, 0)
    return border.with_stems(grown, band)


def _distances(inside: Bool) -> tuple[F32, F32]:
    """How far each pixel is from a region, and from what is none of it, float32 (h, w), pixels."""
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(away, np.float32), np.asarray(depth, np.float32)


def _soften(functions: F32, guide: U8, border: Border, radius: int, edge: Edge) -> None:
    """Replaces functions, float32 (h, w, 4), by what the colours say at the border."""
    part = _window(border.weight > 0, 2 * radius)
    if part is None:
        return
    guess = border.guess[part]
    found = edge_functions(guide[part], guess, radius, edge.epsilon, edge.contrast, edge.passes)
    # At its rims the zone fades into the constants 0 and 1.
    weight = cv2.merge([border.weight[part]] * found.shape[2])
    functions[part] += (found - functions[part]) * weight


def _thin(guide: U8, radius: int) -> Bool:
    """What is unlike both its sides and no wider than twice `radius` pixels, bool (h, w)."""
    kernel = disc(radius)
    opened = cv2.morphologyEx(guide, cv2.MORPH_OPEN, kernel)
    closed = cv2.morphologyEx(guide, cv2.MORPH_CLOSE, kernel)
    unlike = cv2.max(cv2.subtract(guide, opened), cv2.subtract(closed, guide))
    alike = cv2.inRange(unlike, (0, 0, 0), (THIN_CONTRAST,) * 3)
    return np.asarray(alike == 0)


def _coloured_as(guide: U8, inside: Bool, away: F32, reach: int) -> Bool:
    """Where the colour is nearer to the region's than to that of what lies beyond, bool (h, w).

    Both are means around each pixel, of the region and of what is one to three times `reach` pixels
    away from it. Where either is too far away to tell, everything is. away: float32 (h, w), the
    distance from the region, in pixels.
    """
    rows, columns = (max(1, side // COARSER) for side in inside.shape)
    small = cv2.resize(guide, (columns, rows), interpolation=cv2.INTER_AREA)
    radius = max(1, reach // COARSER)
    own, near = _means(small, inside, radius)
    other, beyond = _means(small, (away > reach) & (away <= 3 * reach), radius)
    # |c - own| < |c - other|, worked out: it is linear in the colour c.
    linear = np.dstack([2 * (other - own), np.square(own).sum(2) - np.square(other).sum(2)])
    linear[~(near & beyond)] = (0, 0, 0, -1)
    *slopes, offset = cv2.split(cv2.resize(linear, guide.shape[1::-1]))
    for slope, plane in zip(slopes, cv2.split(guide), strict=True):
        offset += slope * plane
    return np.asarray(offset < 0)


def _means(small: U8, mask: Bool, radius: int) -> tuple[F32, Bool]:
    """Mean colours around each pixel of a small copy, float32 (h, w, 3), of what the mask, of any
    size, covers; and where there is some of it."""
    share = cv2.resize(mask.astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    window = (2 * radius + 1, 2 * radius + 1)
    weighted = cv2.merge([*cv2.split(small * share[..., None]), share])
    # Twice, so that what is near counts more.
    *colours, share = cv2.split(cv2.blur(cv2.blur(weighted, window), window))
    near = share > 1e-3
    means = np.dstack(colours) / np.where(near, share, np.float32(1))[..., None]
    return np.asarray(means, np.float32), np.asarray(near)


def stems(thin: Bool, ground: Bool, away: F32, reach: int, matte: float) -> F32:
    """What grows across the border of a region and is too thin for the network, float32 (h, w).

    thin: bool (h, w). ground: what they grow from, bool (h, w); away: how far each pixel is from
    it. matte: what stems have of the region: twigs that grow from the ground are no sky, 0, strands
    that grow from the hair are hair, 1. NaN elsewhere.
    """
    found = grown_from(ground, thin & ~ground & (away <= reach), reach // 4)
    return np.where(found, np.float32(matte), np.float32(np.nan))


def _guide_size(rgb: U8) -> tuple[int, int]:
    """(columns, rows) of the small copy."""
    height, width = rgb.shape[:2]
    scale = min(1.0, GUIDE_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass(frozen=True)
class Border:
    """Where the border may be, at the small copy's size.

    guess: the matte before the photo is asked; weight: 1 where the border may be, 0 where the
    guess is exactly 0 or 1 and stays so; both float32 (h, w).
    """

    guess: F32
    weight: F32

    @classmethod
    def of(cls, likely: F32, inside: Bool, away: F32, depth: F32, band: int, doubt: int) -> Border:
        """Near the region's border everywhere, and outside of it wherever there is doubt."""
        likely = without_rejected(likely, inside, away <= doubt)
        deep = depth > band
        zone = (likely > DOUBT[0]) & (likely < DOUBT[1]) & ~deep
        zone |= (away <= band) & ~deep
        low, high = SLOPE
        guess = np.where(zone, np.clip((likely - low) / (high - low), 0, 1), inside)
        return cls(guess.astype(np.float32), _faded(zone, max(1, band // 2)))

    def with_stems(self, stems: F32, band: int) -> Border:
        """The same with the guess `stems` where they are not NaN, and doubt around them."""
        here = ~np.isnan(stems)
        around = cv2.dilate(here.astype(np.uint8), disc(band)) > 0
        weight = np.maximum(self.weight, _faded(around, max(1, band // 2)))
        return Border(np.where(here, stems, self.guess).astype(np.float32), weight)


def _window(mask: Bool, margin: int) -> tuple[slice, slice] | None:
    """The rows and columns that hold all of a mask, and `margin` pixels around it."""
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero(mask.any(axis=axis))
        if len(found) == 0:
            return None
        spans.append(slice(max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin))
    return spans[0], spans[1]


def _faded(zone: Bool, fade: int) -> F32:
    core = cv2.erode(zone.astype(np.uint8), disc(fade), borderType=cv2.BORDER_REPLICATE)
    weight = cv2.blur(core.astype(np.float32), (2 * fade + 1, 2 * fade + 1))
    # A running sum leaves rounding errors where the weight should be nought.
    weight[~zone] = 0
    return np.asarray(weight, np.float32)
