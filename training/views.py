"""What a network is shown while it learns, to measure what happens inside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.cache import U8, load_all
from training.sources import labelled, of_heads, without
from training.stream import Recipe, Stream
from training.train import TASKS

# One picture in so many is enough.
PICTURES = 8


def training_views(
    data: Path, network: str, sizes: tuple[int, ...], batch: int, count: int, seed: int
) -> Iterator[U8]:
    """`count` batches of square views of each size in pixels, uint8 (batch, S, S, 3) each; network:
    one of `TASKS`."""
    items = [item for item in [*labelled(data), *without(data)] if not item.held_out]
    if network == "heads":
        items = of_heads(items)
    samples = load_all(items[::PICTURES])
    for size in sizes:
        stream = iter(Stream(samples, Recipe(size, batch, seed, TASKS[network].mix)))
        for _ in range(count):
            yield next(stream)[0].numpy()
