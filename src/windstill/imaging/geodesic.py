"""Distances along paths through a picture in which some pixels are dearer to cross than others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
FAR = np.float32(1e6)
_MOVES = ((0, 1), (-1, 1), (1, 1), (-2, 1), (2, 1), (-1, 2), (1, 2))
"""Columns and rows from a known pixel to the next: the 16 moves of a 5x5 chamfer, one quadrant
pair; the others are these mirrored."""


def geodesic(cost: F32, sources: NDArray[np.bool_], *, max_rounds: int = 6) -> F32:
    """Length of the cheapest path from every pixel to the nearest source.

    cost: float32 (H, W) > 0, price of one pixel's length. sources: bool (H, W). Returns float32
    (H, W); `FAR` everywhere if there is no source. Lengths are at most 3 % too long (the 5x5
    chamfer of Borgefors 1986), by alternating raster scans until nothing changes.
    """
    distance = np.where(sources, np.float32(0), FAR)
    forward, backward = _prices(cost), _prices(cost[::-1])
    for _ in range(max_rounds):
        before = distance.copy()
        _scan(distance, *forward)
        _scan(distance[::-1], *backward)
        if np.array_equal(before, distance):
            break
    return distance


def _prices(cost: F32) -> tuple[list[F32], F32]:
    """The price of each move that ends in a pixel, and the running price along its row."""
    height, width = cost.shape
    prices = []
    for dx, dy in _MOVES:
        price = np.full((height, width), FAR, np.float32)
        crossed = _crossed(dx, dy)
        here, _ = _ends(width, dx)
        total = np.zeros((height - dy, here.stop - here.start), np.float32)
        for x, y in crossed:
            total += cost[dy - y : height - y, here.start - x : here.stop - x]
        price[dy:, here] = total * np.float32(np.hypot(dx, dy) / len(crossed))
        prices.append(price)
    along = np.zeros((height, width), np.float32)
    np.cumsum((cost[:, 1:] + cost[:, :-1]) / 2, axis=1, out=along[:, 1:])
    return prices, along


def _crossed(dx: int, dy: int) -> list[tuple[int, int]]:
    """Pixels that a move touches, as steps back from its end; a long one must not jump a wall."""
    middle = []
    if abs(dx) == 2:
        middle = [(dx // 2, 0), (dx // 2, 1)]
    elif dy == 2:
        middle = [(0, 1), (dx, 1)]
    return [(0, 0), (dx, dy), *middle]


def _ends(width: int, dx: int) -> tuple[slice, slice]:
    """Columns in which a move of `dx` can end, and those where it then began."""
    if dx >= 0:
        return slice(dx, width), slice(0, width - dx)
    return slice(0, width + dx), slice(-dx, width)


def _scan(distance: F32, prices: list[F32], along: F32) -> None:
    """One pass from the first row to the last, in place."""
    height, width = distance.shape
    ends = [(_ends(width, dx), dy, price) for (dx, dy), price in zip(_MOVES, prices, strict=True)]
    for y in range(height):
        row = distance[y]
        for (here, there), dy, price in ends:
            if y >= dy:
                np.minimum(row[here], distance[y - dy, there] + price[y, here], out=row[here])
        run = along[y]
        np.minimum(row, np.minimum.accumulate(row - run) + run, out=row)
        np.minimum(row, np.minimum.accumulate((row + run)[::-1])[::-1] - run, out=row)
