"""Painting swaying hair over whatever is behind it.

The photo is P = Q + (1 - a) B with the matte a and the plate B behind the hair, so the hair's
own, premultiplied light Q = P - (1 - a) B needs no estimate of its colour, and every error of
matte and plate is part of Q and moves with the hair. A frame is

    O(x) = Q(x - D) + (1 - a(x - D)) C(x)

where C is the canvas: the plate, with whatever moves behind already painted on it. With D = 0 and
C = B that is the photo to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.coverage import spans
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.painting import Cutout, Painter
from windstill.elements.hair.strength import HeadsOfHair
from windstill.elements.hair.sway import Sway
from windstill.elements.hair.value_range import ValueRange
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]


class Patch:
    """Hair that moves within one region of the picture."""

    def __init__(
        self,
        grid: Grid,
        still: Planes,
        plate: Planes,
        hair: F32,
        heads_of_hair: HeadsOfHair,
        sway: Sway,
        travel: F32,
        limits: ValueRange,
        frames: int,
    ) -> None:
        """still, plate, hair, travel, limits: of the grid's region. frames: of the loop.

        sway: that of `heads_of_hair` in the wind that blows.
        """
        self.region: Region = grid.region
        self.grid, self.hair = grid, hair
        self.heads_of_hair, self.sway = heads_of_hair, sway
        self._weights = sway.weights(np.arange(frames) / frames)
        found = spans(hair, still.y != plate.y, travel)
        cutout = Cutout(grid, still, plate, hair, travel, limits, found)
        self._painter = Painter(cutout, sway.basis)

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints frame `frame` over a whole picture, in place."""
        self._painter.paint(self._weights[frame], canvas.crop(self.region))


@dataclass
class HairLayer:
    """All hair of a picture. patches: back to front."""

    patches: tuple[Patch, ...]
    region: Region
    reach: float

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints frame `frame` over `canvas`, which holds the scene behind, in place."""
        for patch in self.patches:
            patch.paint(frame, canvas)
