"""A coarse lattice of cells over a region; smooth fields live on it and are enlarged when used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 8
"""Luma pixels along a cell's side."""
NODES = 2
"""Nodes for each cell along an axis: they lie on the cells and half-way between them."""

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Lattice:
    """Cells that cover a region of height x width luma pixels, with a rim of cells around it.

    The rim makes every enlargement exact up to the region's edge, where a plain resize would
    repeat the outermost cell.
    """

    height: int
    width: int
    rim: int = 1

    @property
    def rows(self) -> int:
        """Rows of cells, without the rim."""
        return -(-self.height // CELL)

    @property
    def columns(self) -> int:
        """Columns of cells, without the rim."""
        return -(-self.width // CELL)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, rim included."""
        return self.rows + 2 * self.rim, self.columns + 2 * self.rim

    @property
    def node_shape(self) -> tuple[int, int]:
        """Rows and columns of the nodes, from the first cell to the last, rim included."""
        rows, columns = self.shape
        return NODES * (rows - 1) + 1, NODES * (columns - 1) + 1

    def to_nodes(self, field: F32) -> F32:
        """`field`, float32 `shape`, at the nodes, linearly between cells."""
        rows, columns = self.node_shape
        finer = np.empty((rows, columns), np.float32)
        finer[::NODES, ::NODES] = field
        finer[1::NODES, ::NODES] = (field[:-1] + field[1:]) / 2
        finer[:, 1::NODES] = (finer[:, :-1:NODES] + finer[:, NODES::NODES]) / 2
        return finer

    def positions(self) -> tuple[F32, F32]:
        """x and y of the cells' centres in luma pixels of the region, each float32 `shape`."""
        x = (np.arange(self.shape[1], dtype=np.float32) - self.rim + 0.5) * CELL - 0.5
        y = (np.arange(self.shape[0], dtype=np.float32) - self.rim + 0.5) * CELL - 0.5
        across, down = np.meshgrid(x, y)
        return across, down

    def reduce(self, plane: NDArray[np.generic]) -> F32:
        """Mean of `plane` (the region's size, or half of it) in every cell; edges are repeated."""
        scale = CELL * plane.shape[0] // self.height
        whole = cv2.copyMakeBorder(
            plane,
            0,
            self.rows * scale - plane.shape[0],
            0,
            self.columns * scale - plane.shape[1],
            cv2.BORDER_REPLICATE,
        )
        small = cv2.resize(
            whole.astype(np.float32, copy=False),
            (self.columns, self.rows),
            interpolation=cv2.INTER_AREA,
        )
        rim = self.rim
        rimmed: F32 = cv2.copyMakeBorder(small, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
        return rimmed

    def enlarge(
        self, field: NDArray[Any], scale: int, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """`field` (`shape`, any channels) with `scale` samples per cell, without the rim.

        scale: CELL for luma, CELL // 2 for the half-size planes. out: a buffer of the enlarged
        field with its rim, (shape * scale), which the result is then a view of.
        """
        size = field.shape[1] * scale, field.shape[0] * scale
        large: NDArray[Any] = cv2.resize(field, size, dst=out, interpolation=cv2.INTER_LINEAR)
        edge = self.rim * scale
        height, width = self.height * scale // CELL, self.width * scale // CELL
        return large[edge : edge + height, edge : edge + width]
