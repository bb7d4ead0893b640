"""What is in the sky and does not drift with it: cables, poles, small spots, tips of trees, and
what other modules find: balloons, moons, text, masts, towers and hills.

All judge a half-size picture of the sky, so that one pass costs a few milliseconds.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.compact_objects import compact_objects
from windstill.elements.sky.discs import find_discs
from windstill.elements.sky.lettering import lettering
from windstill.elements.sky.open_sky_colours import OpenSkyColours
from windstill.elements.sky.stars import bright_points
from windstill.elements.sky.structures import structures
from windstill.elements.sky.surroundings import surroundings
from windstill.imaging.threads import at_once

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

# An object is small: not wider than this share of the longer side.
LARGEST = 0.012
# Levels by which an object is darker, more colourful, or (a star) brighter than its sky.
DARKER, COLOURFUL, BRIGHTER = 14, 10, 12
NIGHT = 60
# Spots that cover more of the sky than this are its texture: dark ones, coloured ones, points.
RARE_DARK, RARE_COLOUR, RARE_POINTS = 0.03, 0.01, 0.03
# Gaps between clouds are dark, too, but blue: their U is larger than this, and by so much larger
# than it is nearby.
BLUE, BLUER = 133, 6
# Share of the frame's longer side that a straight line must have to be a cable or an edge.
LINE = 0.07
# It goes on unseen over this share of its length. (Bridging gaps in it as well would make lines
# of rows of small clouds.)
BEYOND = 0.2
# It is this many levels darker, or brighter, than what lies on either side of it, and more than
# these differ: so many pixels beyond the largest width. Looked at in so many places.
BAR = 8
SIDES = 3
LOOKS = 25
# What is this many levels darker than anything in the open sky, and no farther (share of the
# longer side) from the matte's border, is a tip of the foreground.
TIP = 20
TIP_REACH = 0.03


def still_objects(half: U8, sky: F32) -> F32:
    """How much each pixel belongs to something that stays, float32 (h, w) in [0, 1].

    half: uint8 (h, w, 3), Y, U and V of the picture at half size. sky: float32 (h, w), its matte.
    """
    inside = sky > 0.5
    if inside.sum() < 64:
        return np.zeros(sky.shape, np.float32)
    luma = np.ascontiguousarray(half[..., 0])
    width = max(3, round(LARGEST * max(sky.shape))) | 1
    around = surroundings(luma, inside)

    def by_colour() -> NDArray[np.bool_]:
        colours = OpenSkyColours.of(half, inside)
        standing = structures(half, inside, around, colours)
        return standing | compact_objects(half, inside, around, colours) | _tips(luma, sky)

    def by_shape() -> NDArray[np.bool_]:
        shaped = find_discs(luma, inside, around) | lettering(luma, inside)
        return shaped | _straight(luma, inside, width)

    coloured, shaped = at_once(by_colour, by_shape)
    found = coloured | shaped
    points = bright_points(luma, BRIGHTER, NIGHT)
    for spots, rare in (
        (_dark(luma, inside, width) & ~_blue_gaps(half, width), RARE_DARK),
        (_colourful(half, inside, width), RARE_COLOUR),
        (points, RARE_POINTS),
    ):
        if spots[inside].mean() < rare:
            found |= spots
    found &= inside
    grown = cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8))
    soft: F32 = cv2.GaussianBlur(grown.astype(np.float32), (5, 5), 0)
    return soft


def _dark(luma: U8, inside: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Thin or small and darker than any wide part of the sky nearby, unlike gaps in cloud."""
    # The foreground is filled with light, so that its border does not count as a dark wide part.
    filled = np.where(inside, luma, np.uint8(255)).astype(np.uint8)
    closed = cv2.morphologyEx(filled, cv2.MORPH_CLOSE, _square(width))
    darkest = cv2.erode(closed, _square(6 * width + 1))
    # A sheer cloud hides a line no better than clear sky does, so the hat alone must be strong.
    hat: U8 = cv2.subtract(cv2.min(closed, darkest), luma)
    return hat > DARKER


def _blue_gaps(half: U8, width: int) -> NDArray[np.bool_]:
    """Where clear sky shows between clouds."""
    u = cv2.extractChannel(half, 1)
    gaps: NDArray[np.bool_] = (u > BLUE) & (
        cv2.subtract(u, cv2.erode(u, _square(3 * width))) > BLUER
    )
    return gaps


def _tips(luma: U8, sky: F32) -> NDArray[np.bool_]:
    """Parts of the foreground that the matte took for sky: too dark for it."""
    depth = cv2.distanceTransform((sky > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    near = TIP_REACH * max(luma.shape)
    open_sky = luma[depth > near]
    darkest = np.percentile(open_sky, 0.5) if open_sky.size else 0
    tips: NDArray[np.bool_] = (luma < darkest - TIP) & (depth < near)
    return tips


def _colourful(half: U8, inside: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Small spots of a colour that no sky nearby has.

    Sky and cloud mix along one line through the plane of colours, the sky's principal axis;
    what is coloured differs from it across that line.
    """
    counts = cv2.calcHist([half], [1, 2], inside.astype(np.uint8), [256, 256], [0, 256, 0, 256])
    middle, spread, axis = _principal(counts.astype(np.float64))
    u, v = (cv2.extractChannel(half, channel) for channel in (1, 2))
    # 128 where the colour is the middle one.
    across = cv2.addWeighted(u, axis[0], v, axis[1], 128 - float(axis @ middle))
    plane: U8 = np.where(inside, across, np.uint8(128))
    box = _square(2 * width + 1)
    above = cv2.subtract(plane, cv2.morphologyEx(plane, cv2.MORPH_OPEN, box))
    below = cv2.subtract(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, box), plane)
    hat: U8 = cv2.max(above, below)
    # A sunset has many colours; a spot must stand out from all of them.
    return hat > max(COLOURFUL, 3.0 * spread)


def _principal(counts: F64) -> tuple[F64, float, F64]:
    """The median of two variables, the least standard deviation that they have in any direction,
    and that direction, a unit vector.

    counts: float64 (256, 256), how often each pair of values is there.
    """
    values = np.arange(256.0)
    total = max(counts.sum(), 1.0)
    alone = [counts.sum(axis=1), counts.sum(axis=0)]
    middle = np.array([np.searchsorted(np.cumsum(each), total / 2) for each in alone], float)
    first, second = ((each * values).sum() / total for each in alone)
    one, other = values - first, values - second
    mixed = (counts * np.multiply.outer(one, other)).sum() / total
    squares = [
        (each * (values - mean) ** 2).sum() / total
        for each, mean in zip(alone, (first, second), strict=True)
    ]
    variances, axes = np.linalg.eigh(np.array([[squares[0], mixed], [mixed, squares[1]]]))
    return middle, float(np.sqrt(max(variances[0], 0))), axes[:, 0]


def _straight(luma: U8, inside: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Long straight bars that are not level: cables, poles, ropes, contrails.

    Level ones are left alone, because layers of cloud near the horizon have such edges.
    """
    edges = cv2.Canny(luma, 40, 110)
    edges[cv2.erode(inside.astype(np.uint8), _square(5)) == 0] = 0
    length = LINE * max(luma.shape)
    lines = cv2.HoughLinesP(edges, 1, np.pi / 180, int(0.7 * length), None, length, 3)
    canvas = np.zeros(luma.shape, np.uint8)
    if lines is None:
        return canvas > 0
    ends = np.reshape(lines, (-1, 2, 2))
    along = ends[:, 1] - ends[:, 0]
    steep = np.abs(along[:, 1]) > 0.14 * np.abs(along[:, 0])
    ends, along = ends[steep], along[steep]
    beyond = np.trunc(BEYOND * along).astype(int)
    for begin, end in np.stack([ends[:, 0] - beyond, ends[:, 1] + beyond], axis=1)[
        _are_bars(luma, ends, width)
    ]:
        cv2.line(canvas, begin.tolist(), end.tolist(), 1, 2)
    # Both edges of a bar enclose it.
    filled: U8 = cv2.morphologyEx(canvas, cv2.MORPH_CLOSE, _square(9))
    return filled > 0


def _are_bars(luma: U8, ends: NDArray[np.int32], width: int) -> NDArray[np.bool_]:
    """Which lines, (n, 2, 2), follow something unlike both its sides, as no cloud's edge does."""
    if not len(ends):
        return np.zeros(0, bool)
    along = (ends[:, 1] - ends[:, 0]).astype(np.float32)
    unit = along / np.maximum(np.hypot(along[:, :1], along[:, 1:]), 1)
    across = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    shares = np.linspace(0, 1, LOOKS, dtype=np.float32)
    offsets = np.arange(-width - SIDES, width + SIDES + 1, dtype=np.float32)
    places = (
        ends[:, None, None, 0].astype(np.float32)
        + shares[:, None, None] * along[:, None, None]
        + offsets[:, None] * across[:, None, None]
    )
    seen = cv2.remap(
        luma,
        places.reshape(len(ends) * LOOKS, -1, 2),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    profiles = seen.reshape(len(ends), LOOKS, -1).astype(np.float32)
    one, other = (
        np.median(profiles[..., part], axis=2, keepdims=True)
        for part in (np.s_[:SIDES], np.s_[-SIDES:])
    )
    middle = profiles[..., SIDES:-SIDES]
    darker = np.minimum(one, other) - middle
    brighter = middle - np.maximum(one, other)
    # At the same distance from the line nearly all along it: a cloud's streak frays.
    contrast = np.max(
        [np.percentile(unlike, 20, axis=1).max(axis=1) for unlike in (darker, brighter)], axis=0
    )
    sides = np.abs(np.median(one - other, axis=(1, 2)))
    return np.asarray((contrast > BAR) & (contrast > sides))


def _square(side: int) -> U8:
    return np.ones((side, side), np.uint8)
