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
    cost = cell / np.maximum(hair, 1 / _THROUGH_GAP) + cell * _THROUGH_FACE * face
    distances = [geodesic(cost, _roots(head, centres, hair, coherence, cell)) for head in heads]
    nearest = np.argmin(distances, axis=0)
    grown = []
    for number, (head, distance) in enumerate(zip(heads, distances, strict=True)):
        own = nearest == number
        covered = own & (hair > 0.5) & (distance < FAR / 2)
        length = float(np.percentile(distance[covered], 95)) if covered.any() else 0.0
        grown.append(Growth(head, own, distance, length))
    return grown


def _roots(head: Head, centres: F32, hair: F32, coherence: F32, cell: int) -> Mask:
    sigma = _SMOOTH_OVER * head.size / cell
    smooth = cv2.GaussianBlur(coherence * hair, (0, 0), sigma) > _SMOOTH * cv2.GaussianBlur(
        hair, (0, 0), sigma
    )
    # Hair with smooth strands can't stand: what is above the head lies on it. Curls do stand.
    lying = head.above_it(centres) & smooth
    return np.asarray((head.covers(centres) | lying) & (hair > 0.3))
