"""How far along the strands each piece of hair is from its root."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.scalp import Head
from windstill.imaging.geodesic import FAR, geodesic

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_THROUGH_GAP, _THROUGH_FACE = 4.0, 30.0
"""Prices of crossing what is no hair, where hair costs 1."""
_SMOOTH, _SMOOTH_OVER = 0.45, 0.1
"""Coherence above which hair counts as smooth, averaged over this many head sizes."""
_FULL = 0.09
"""In head sizes: a disc of this radius fits into full hair."""
_DEEP = 0.7
"""Of the scalp's radii: hair seen nearer to its centre grows toward the viewer."""


@dataclass(frozen=True)
class Growth:
    """The hair of one head on a grid.

    head: in pixels of the grid's region. own: bool, cells nearer to this head's scalp than to
    another's. distance: float32, pixels from the scalp through the hair. length: how far, in
    pixels, its hair reaches (95th percentile of the distance).
    """

    head: Head
    own: Mask
    distance: F32
    length: float

    def within(self, window: tuple[slice, slice]) -> Growth:
        """The same hair in some rows and columns of the grid."""
        return Growth(self.head, self.own[window], self.distance[window], self.length)

    @property
    def relative_length(self) -> float:
        """Free length in head sizes: a crew cut has about 0.1, a bob 0.4, long hair 1 and more."""
        return self.length / self.head.size


def grow(
    heads: list[Head], centres: F32, hair: F32, face: F32, coherence: F32, cell: int
) -> list[Growth]:
    """Follows the hair of all heads at once.

    heads: in pixels of the grid's region. centres: positions of the grid's cells. hair, face:
    mattes on the grid. coherence: of the strands, in [0, 1]. cell: size of a cell in pixels.
    """
    cost = _cost(hair, face, cell)
    distances = [geodesic(cost, _roots(head, centres, hair, coherence, cell)) for head in heads]
    nearest = np.argmin(distances, axis=0)
    grown = []
    for number, (head, distance) in enumerate(zip(heads, distances, strict=True)):
        own = nearest == number
        grown.append(Growth(head, own, distance, _length(distance, own, hair)))
    return grown


def outer(growth: Growth, centres: F32, hair: F32, face: F32, cell: int) -> Growth:
    """The same head's hair, rooted deep inside its outline only, as what stands off the scalp is.

    centres, hair, face, cell: as for `grow`.
    """
    deep = growth.head.shrunk(_DEEP).covers(centres) & (hair > 0.3) & growth.own
    if not deep.any():
        return growth
    distance = geodesic(_cost(hair, face, cell), deep)
    return Growth(growth.head, growth.own, distance, _length(distance, growth.own, hair))


def fullness(hair: F32, head_size: float, cell: int) -> F32:
    """How far each cell is in full hair, float32 (H, W) in [0, 1]: a shaved nape is not.

    hair: matte on the grid. head_size, cell: pixels.
    """
    radius = max(1, round(_FULL * head_size / cell))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    full = cv2.morphologyEx((hair > 0.5).astype(np.uint8), cv2.MORPH_OPEN, disc)
    beside = cv2.dilate(full, np.ones((3, 3), np.uint8)).astype(np.float32)
    smooth: F32 = cv2.GaussianBlur(beside, (0, 0), radius / 2)
    return smooth


def _cost(hair: F32, face: F32, cell: int) -> F32:
    return cell / np.maximum(hair, 1 / _THROUGH_GAP) + cell * _THROUGH_FACE * face


def _length(distance: F32, own: Mask, hair: F32) -> float:
    covered = own & (hair > 0.5) & (distance < FAR / 2)
    return float(np.percentile(distance[covered], 95)) if covered.any() else 0.0


def _roots(head: Head, centres: F32, hair: F32, coherence: F32, cell: int) -> Mask:
    sigma = _SMOOTH_OVER * head.size / cell
    smooth = cv2.GaussianBlur(coherence * hair, (0, 0), sigma) > _SMOOTH * cv2.GaussianBlur(
        hair, (0, 0), sigma
    )
    # Hair with smooth strands can't stand: what is above the head lies on it. Curls do stand.
    lying = head.above_it(centres) & smooth
    return np.asarray((head.covers(centres) | lying) & (hair > 0.3))
