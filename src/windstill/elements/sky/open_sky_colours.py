"""Colours that the open sky does not have."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# The open sky is farther than this from the matte's border (share of the longer side). It hardly
# has a colour that less of it than this has, within a step of 8 levels of Y and 4 of U and V.
OPEN, HARDLY = 0.06, 0.01


@dataclass(frozen=True)
class OpenSkyColours:
    """The colours of a sky away from the matte's border. rare: bool (n,), for each bin of colours
    whether the sky hardly has it."""

    rare: Bool

    @classmethod
    def of(cls, half: U8, inside: Bool) -> OpenSkyColours:
        """half: uint8 (h, w, 3), Y, U, V. inside: bool (h, w), where it is sky."""
        reach = OPEN * max(inside.shape)
        depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
        depth = np.minimum(depth, np.float32(2 * reach))
        middle = float(np.median(depth[inside])) if inside.any() else 0.0
        deep = depth >= min(reach, middle)
        # A quarter of the pixels tells as much.
        colours = _bins(half[::2, ::2][deep[::2, ::2]])
        counts = np.bincount(colours, minlength=1 << 17).reshape(32, 64, 64).astype(np.float32)
        for axis in range(3):
            counts = counts + np.roll(counts, 1, axis) + np.roll(counts, -1, axis)
        return cls((counts < HARDLY * max(len(colours), 1)).ravel())

    def lack(self, half: U8, asked: Bool) -> Bool:
        """Which of the pixels `asked` for, bool (h, w), have a colour that is not among them."""
        found = np.zeros(asked.shape, bool)
        found[asked] = self.rare[_bins(half[asked])]
        return found


def _bins(colours: U8) -> I32:
    """Numbers of colours, uint8 (n, 3), Y, U, V: alike for those within a step."""
    y, u, v = colours.astype(np.int32).T
    return np.asarray(((y >> 3) << 12) + ((u >> 2) << 6) + (v >> 2))
