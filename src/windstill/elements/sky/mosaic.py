"""Square tiles from anywhere in a region, stacked, so that one call works on all of them.

A call on a small array costs as much as some thousand pixels do; detail is often found in many
small places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.lattice import CELL, Lattice

F32 = NDArray[np.float32]
Index = NDArray[np.intp]

# Cells along a tile's side, and its pixels.
CELLS = 4
SIDE = CELLS * CELL
# Tiles worked on together: OpenCV's pictures have fewer than 32767 rows, and so few stay in the
# processor's caches.
TOGETHER = 96


@dataclass(frozen=True)
class Mosaic:
    """rows, columns: of the tiles, counted in tiles, (n,)."""

    lattice: Lattice
    rows: Index
    columns: Index

    def of(self, tiled: NDArray[Any]) -> NDArray[Any]:
        """The tiles, (n, SIDE, SIDE), of what `in_tiles` gives."""
        taken: NDArray[Any] = tiled[self.rows, :, self.columns]
        return taken

    def add(self, tiled: NDArray[Any], tiles: NDArray[Any]) -> None:
        """Adds the tiles, (n, SIDE, SIDE), to those of what `in_tiles` gives."""
        tiled[self.rows, :, self.columns] += tiles

    def cells(self, field: NDArray[Any]) -> NDArray[Any]:
        """Those of a field on the lattice, and one around each tile: (n, CELLS + 2, ...)."""
        around = np.arange(CELLS + 2) + self.lattice.rim - 1
        last_row, last_column = (length - 1 for length in self.lattice.shape)
        rows = np.minimum(self.rows[:, None] * CELLS + around, last_row)
        columns = np.minimum(self.columns[:, None] * CELLS + around, last_column)
        found: NDArray[Any] = field[rows[:, :, None], columns[:, None, :]]
        return found

    def enlarge(self, cells: NDArray[Any]) -> NDArray[Any]:
        """What `cells` gives, with CELL samples per cell: (n, SIDE, SIDE, ...), as in
        `Lattice.enlarge`."""
        count, across = cells.shape[0], (CELLS + 2) * CELL
        stack = cells.reshape(count * (CELLS + 2), *cells.shape[2:])
        large = cv2.resize(stack, (across, count * across), interpolation=cv2.INTER_LINEAR)
        tiles = large.reshape(count, across, across, *cells.shape[3:])
        inner: NDArray[Any] = tiles[:, CELL:-CELL, CELL:-CELL]
        return inner

    def read(self, plane: NDArray[np.uint8], places: F32) -> NDArray[np.uint8]:
        """`plane` at positions (n, SIDE, SIDE, 2); beyond its edges it is mirrored."""
        found = cv2.remap(
            plane,
            places.reshape(-1, SIDE, 2),
            None,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        tiles: NDArray[np.uint8] = found.reshape(-1, SIDE, SIDE)
        return tiles


def mosaics(lattice: Lattice, busy: NDArray[np.bool_]) -> Iterator[Mosaic]:
    """All tiles with anything busy in them; bool, the lattice's cells without its rim."""
    down, across = (-(-length // CELLS) for length in busy.shape)
    padded = np.zeros((down * CELLS, across * CELLS), bool)
    padded[: busy.shape[0], : busy.shape[1]] = busy
    rows, columns = np.nonzero(padded.reshape(down, CELLS, across, CELLS).any(axis=(1, 3)))
    for first in range(0, len(rows), TOGETHER):
        here = slice(first, first + TOGETHER)
        yield Mosaic(lattice, rows[here], columns[here])


def in_tiles(lattice: Lattice, dtype: type[np.generic]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A new luma plane, (H, W), and the same memory as (rows, SIDE, columns, SIDE) of tiles."""
    down, across = (-(-length // SIDE) for length in (lattice.height, lattice.width))
    whole = np.zeros((down * SIDE, across * SIDE), dtype)
    plane = whole[: lattice.height, : lattice.width]
    return plane, whole.reshape(down, SIDE, across, SIDE)
