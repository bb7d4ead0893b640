"""The coarse raster on which the motion of hair is worked out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Region

F32 = NDArray[np.float32]
_CELLS_ACROSS_HEAD = 48
_MAX_CELLS = 9_000
_FINEST, _FEW = 2.0, 3
"""Pixels of the finest cells; more heads in a picture than these have coarser ones, so that a crowd
takes no longer."""


@dataclass(frozen=True)
class Grid:
    """Square cells over a region of a picture, with one more row or column of them on each side.

    cell: even side of a cell in pixels. A coarse map enlarged bilinearly is then exact up to the
    region's edge.
    """

    region: Region
    cell: int

    @staticmethod
    def over(region: Region, head_size: float, heads: int = 1) -> Grid:
        """A grid fine enough for the locks of a head `head_size` pixels tall.

        heads: how many there are in the picture.
        """
        height, width = region.shape
        finest = np.sqrt(height * width / _MAX_CELLS)
        crowded = _FINEST * np.sqrt(max(1.0, heads / _FEW))
        cell = max(head_size / _CELLS_ACROSS_HEAD, finest, crowded)
        return Grid(region, 2 * round(cell / 2))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        height, width = self.region.shape
        return -(-height // self.cell) + 2, -(-width // self.cell) + 2

    def shrink(self, plane: NDArray[np.generic]) -> F32:
        """Means over the cells of a plane (or stack) that covers the region; float32."""
        rows, columns = self.shape
        height, width = self.region.shape
        padded = cv2.copyMakeBorder(
            plane,
            self.cell,
            (rows - 1) * self.cell - height,
            self.cell,
            (columns - 1) * self.cell - width,
            cv2.BORDER_REPLICATE,
        )
        small: F32 = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32, copy=False)

    def enlarge(self, coarse: F32) -> F32:
        """A map of the cells at the region's pixels, each the nearest cell's value."""
        rows, columns = self.shape
        height, width = self.region.shape
        size = columns * self.cell, rows * self.cell
        fine: F32 = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
        return fine[self.cell : self.cell + height, self.cell : self.cell + width]

    def centres(self) -> F32:
        """Positions (x, y) of the cells' centres in pixels of the region, (rows, columns, 2)."""
        rows, columns = self.shape
        centres = np.empty((rows, columns, 2), np.float32)
        half = (self.cell - 1) / 2
        centres[..., 0] = np.arange(-1, columns - 1) * self.cell + half
        centres[..., 1] = (np.arange(-1, rows - 1) * self.cell + half)[:, None]
        return centres
