"""A run over the whole set, one picture and method after the other, taken up where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill.bench.picture_set import Picture
from windstill.bench.quality import METHODS, Row, measure, still_pictures, subject, take, thumbnail

CELL = 320
"""Pixels of a picture's side on the contact sheet."""


def run(
    pictures: Sequence[tuple[Picture, Path]], journal: Path, *, baselines_on: int, cells: Path
) -> Iterator[Row]:
    """Measures every picture, and the first `baselines_on` of each kind by the baselines too.

    journal: a file with one JSON object a line; what it already holds is not measured again.
    cells: a folder for the strips of the contact sheet. Yields each row, old or new.
    """
    cells.mkdir(parents=True, exist_ok=True)
    done = {(row["picture"], row["moves"], row["method"]): row for row in _read(journal)}
    counted = dict.fromkeys(METHODS, 0)
    for picture, path in pictures:
        counted[picture.moves] += 1
        methods: tuple[str, ...] = METHODS[picture.moves]
        if counted[picture.moves] > baselines_on:
            methods = methods[:1]
        keys = [(picture.name, picture.moves, method) for method in methods]
        missing = [key[2] for key in keys if key not in done]
        if missing:
            for row in _measured(picture, path, missing, cells):
                done[row["picture"], row["moves"], row["method"]] = row
                with journal.open("a") as lines:
                    lines.write(json.dumps(row) + "\n")
        yield from (done[key] for key in keys)


def sheet(pictures: Sequence[Picture], cells: Path, target: Path) -> None:
    """Joins the strips (the photo, then moments of the loop) of all pictures that have one."""
    strips = [cells / f"{picture.moves}-{picture.name}.png" for picture in pictures]
    found = [_pixels(strip) for strip in strips if strip.exists()]
    if not found:
        return
    if len(found) % 2:
        found.append(np.zeros_like(found[0]))
    pairs = [np.hstack(found[i : i + 2]) for i in range(0, len(found), 2)]
    Image.fromarray(np.vstack(pairs)).save(target, quality=88)


def _pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _measured(picture: Picture, path: Path, methods: list[str], cells: Path) -> Iterator[Row]:
    of = subject(path, picture.moves)
    for method in methods:
        made = take(of, method)
        if method == "windstill":
            strip = np.hstack([thumbnail(shown, CELL) for shown in still_pictures(of, made)])
            Image.fromarray(strip).save(cells / f"{picture.moves}-{picture.name}.png")
        yield {"picture": picture.name, **measure(of, method, made)}


def _read(journal: Path) -> list[Row]:
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text().splitlines() if line.strip()]
