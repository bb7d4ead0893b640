"""From mattes and heads to hair that is ready to move in any wind."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Scene
from windstill.elements.hair.allowance import travel_allowed
from windstill.elements.hair.beards import beards
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.growth import Growth, fullness, grow, outer
from windstill.elements.hair.gusts import Gusts, gusts, natural_frequency
from windstill.elements.hair.scalp import Head
from windstill.elements.hair.strands import Strands
from windstill.elements.hair.strength import (
    TOO_SHORT,
    HeadsOfHair,
    Tress,
    enlargement,
    hanging,
    tremble,
)
from windstill.elements.hair.sway import sway_of
from windstill.imaging.orientation import gradient_products, orientation

F32 = NDArray[np.float32]
Window = tuple[slice, slice]

_FACE_MARGIN = 0.16
_EDGE_MARGIN, _AT_EDGE = 0.1, 0.45
"""In head sizes: within these of the face, and of the picture's edge, hair moves less; how much
of its motion across the edge is left there. Beyond it hair is mirrored, which shows if it is
drawn far into the picture."""
_BESIDE = 0.35
"""In head sizes: beside hair its motion is worked out so far."""
_PARTED = 2.0
"""Cells over which the motions of neighbouring heads' hair blend."""


def heads_of_hair_in(
    scene: Scene,
    grid: Grid,
    heads: list[Head],
    matte: F32,
    doubt: F32,
    breeze: Breeze,
    rng: np.random.Generator,
) -> HeadsOfHair | None:
    """The hair of some heads, in pixels of the grid's region; None if too short.

    matte: of the hair, float32, of the grid's region. doubt: of `doubt_about`.
    """
    strands, face = _strands(scene, grid, heads, matte)
    grown = [
        growth
        for growth in grow(
            heads, strands.centres, strands.hair, face, strands.orientation.coherence, grid.cell
        )
        if growth.relative_length >= TOO_SHORT
    ]
    if not grown:
        return None
    wind = (1.0 if np.cos(np.radians(breeze.degrees)) >= 0 else -1.0), 0.0
    longest = max(growth.relative_length for growth in grown)
    blowing = gusts(breeze.options.seconds, natural_frequency(longest), rng)
    tresses = [_tress(growth, strands, face, wind, blowing, rng) for growth in grown]
    diagonal = float(np.hypot(*scene.planes.shape))
    allowed = travel_allowed(doubt, matte, grid, heads)
    allowed *= np.float32(enlargement(heads[0].size, diagonal))
    return HeadsOfHair(tuple(tresses), blowing, strands, allowed, diagonal)


def _tress(
    growth: Growth,
    all_strands: Strands,
    face: F32,
    wind: tuple[float, float],
    blowing: Gusts,
    rng: np.random.Generator,
) -> Tress:
    """The hair of one head. face: matte of all faces on the grid."""
    window = _window(growth, all_strands)
    share = cv2.GaussianBlur(growth.own.astype(np.float32), (0, 0), _PARTED)[window]
    around = outer(growth, all_strands.centres, all_strands.hair, face, all_strands.cell)
    growth, around, strands = (
        growth.within(window),
        around.within(window),
        all_strands.within(window),
    )
    basis = sway_of(growth, strands, wind, blowing, rng)
    trembling = tremble(growth.relative_length)
    if trembling > 0:
        full = fullness(strands.hair, growth.head.size, strands.cell)[..., None]
        loose = hanging(growth.relative_length)
        basis *= np.float32(loose) + np.float32(1 - loose) * full
        basis += np.float32(trembling) * full * sway_of(around, strands, wind, blowing, rng)
    free = growth.own & (strands.hair > 0.5) & (growth.distance > 0.5 * growth.length)
    return Tress(window, basis, share, growth, free, strands)


def _window(growth: Growth, strands: Strands) -> Window:
    """The rows and columns of the grid in which one head's hair is, or comes to lie."""
    own = growth.own & (strands.hair > 0)
    margin = int(np.ceil(_BESIDE * growth.head.size / strands.cell)) + round(2 * _PARTED)
    found = []
    for axis in (1, 0):
        places = np.flatnonzero(own.any(axis=axis))
        last = own.shape[1 - axis]
        first, end = int(places[0]) - margin, int(places[-1]) + 1 + margin
        found.append(slice(max(0, first), min(last, end)))
    return found[0], found[1]


def _strands(scene: Scene, grid: Grid, heads: list[Head], matte: F32) -> tuple[Strands, F32]:
    """The hair on the grid, and the matte of its faces."""
    centres = grid.centres()
    face = grid.shrink(scene.mattes.face[grid.region.luma])
    face *= np.logical_or.reduce([head.near(centres) for head in heads])
    inside = np.clip(4 * matte - 3, 0, 1)
    products = grid.shrink(gradient_products(scene.planes.y[grid.region.luma], inside))
    hair = grid.shrink(matte)
    bearded = _beards(hair, face, heads[0].size / grid.cell, scene.mattes.turns)
    freedom = _freedom(scene, grid, face, heads[0].size) * (1 - bearded[..., None])
    return Strands(hair, freedom, orientation(products, 1.6), centres, grid.cell), face


def _beards(hair: F32, face: F32, head_size: float, turns: int) -> F32:
    """As `beards` says, of heads that quarter turns set upright."""
    upright = [np.ascontiguousarray(np.rot90(matte, turns)) for matte in (hair, face)]
    return np.rot90(beards(upright[0], upright[1], head_size), -turns)


def _freedom(scene: Scene, grid: Grid, face: F32, size: float) -> F32:
    """How freely each cell may move along x and y: not into the face, less across the edge."""
    solid = (face > 0.3).astype(np.uint8)
    away = np.full(grid.shape, np.float32(1))
    if solid.any():
        distance = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5) * grid.cell
        away = _smooth_step(distance / np.float32(_FACE_MARGIN * size))
    height, width = scene.planes.shape
    x = grid.centres()[..., 0] + grid.region.left
    y = grid.centres()[..., 1] + grid.region.top
    margin = np.float32(_EDGE_MARGIN * size + grid.cell)
    left = np.float32(_AT_EDGE)
    along_x = _smooth_step(np.minimum(x, np.float32(width - 1) - x) / margin)
    along_y = _smooth_step(np.minimum(y, np.float32(height - 1) - y) / margin)
    along = [left + (1 - left) * each for each in (along_x, along_y)]
    return np.stack([away * along[0], away * along[1]], axis=2).astype(np.float32)


def _smooth_step(value: F32) -> F32:
    t = np.clip(value, 0, 1)
    return t * t * (3 - 2 * t)
