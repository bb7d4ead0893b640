"""How good the mattes are: `python -m training.evaluate --data DIR`.

Every figure is of the file that ships, through the code that ships, on pictures never trained on:
once as the network gives it, once after the decision per region and the refinement.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, read_mask, read_rgb
from training.metrics import Score, score
from training.sources import CLASSES, doubtful, without
from windstill.perceive import LOOK, perceive
from windstill.perceive.network import infer

Matting = Callable[[U8, int], NDArray[np.float32]]

# Sets of one element whose pictures (nearly) never show the other.
NEGATIVES = {"sky": ("hair/celeb1k",), "hair": ("sky/lmfacade", "sky/sky60", "sky/dpst")}
ALLOWED_FALSE_AREA = 0.05


@dataclass(frozen=True)
class Row:
    """Mean figures of one set."""

    name: str
    count: int
    iou: float
    boundary: float
    band: float
    milliseconds: float


def unrefined(rgb: U8, element: int) -> NDArray[np.float32]:
    """The network's probability, enlarged."""
    found = infer(rgb, long_side=LOOK, threads=1).probability[element]
    return np.asarray(cv2.resize(found, rgb.shape[1::-1]), np.float32)


def refined(rgb: U8, element: int) -> NDArray[np.float32]:
    """The matte that the renderer gets."""
    return np.asarray(getattr(perceive(rgb, threads=1), CLASSES[element]), np.float32)


@dataclass(frozen=True)
class Rated:
    """One picture's figures. name: "element/set/name"."""

    name: str
    score: Score
    seconds: float


def _row(name: str, rated: list[Rated]) -> Row:
    def mean(field: str) -> float:
        return float(np.mean([getattr(each.score, field) for each in rated]))

    spent = float(np.mean([each.seconds for each in rated]))
    return Row(name, len(rated), mean("iou"), mean("boundary"), mean("band"), 1000 * spent)


def _rate(folder: Path, element: int, matting: Matting, limit: int | None) -> list[Rated]:
    rated = []
    for photo in sorted(folder.glob("*.webp"))[:limit]:
        rgb = read_rgb(photo)
        start = time.process_time()
        matte = matting(rgb, element)
        spent = time.process_time() - start
        name = f"{CLASSES[element]}/{folder.name}/{photo.stem}"
        rated.append(Rated(name, score(matte, read_mask(photo.with_suffix(".png"))), spent))
    return rated


def rate(data: Path, matting: Matting, limit: int | None = None) -> tuple[list[Row], list[Row]]:
    """Figures of every evaluation set, and of all of them together; and of those sets of which
    some labels are wrong, without these."""
    wrong = doubtful()
    rows, sure, everything = [], [], []
    for element in ("hair", "sky"):
        for folder in sorted((data / "eval" / element).iterdir()):
            rated = _rate(folder, CLASSES.index(element), matting, limit)
            right = [each for each in rated if each.name not in wrong]
            rows.append(_row(f"{element} {folder.name}", rated))
            if len(right) < len(rated):
                sure.append(_row(f"{element} {folder.name}", right))
            everything += rated
    return [*rows, _row("total", everything)], sure


def negatives(data: Path, element: str) -> dict[str, list[Path]]:
    """Pictures without the element, never trained on, by where they come from."""
    index = CLASSES.index(element)
    found = {name: sorted((data / "eval" / name).glob("*.webp")) for name in NEGATIVES[element]}
    found["absent, held out"] = [
        item.photo for item in without(data) if item.held_out and index in item.absent
    ]
    return found


def false_areas(photos: Iterable[Path], element: int, matting: Matting) -> list[float]:
    """The part of each picture that is marked though nothing is there."""
    return [float((matting(read_rgb(photo), element) > 0.5).mean()) for photo in photos]


def _print_false(data: Path, matting: Matting, limit: int | None) -> None:
    print("| without | pictures | mean area % | largest % | over 5 % |\n|---|---|---|---|---|")
    for element in ("hair", "sky"):
        for name, photos in negatives(data, element).items():
            areas = 100 * np.array(false_areas(photos[:limit], CLASSES.index(element), matting))
            over = int((areas > 100 * ALLOWED_FALSE_AREA).sum())
            size = f"{areas.mean():.2f} | {areas.max():.1f} | {over}"
            print(f"| {element}: {name} | {len(areas)} | {size} |")


def _print_rows(rows: list[Row]) -> None:
    print("| set | pictures | IoU | BF | band IoU | ms CPU |\n|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r.name} | {r.count} | {r.iou:.3f} | {r.boundary:.3f} | {r.band:.3f} "
            f"| {r.milliseconds:.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and eval/")
    parser.add_argument("--limit", type=int, help="at most this many pictures of each set")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    for title, matting in (("network alone", unrefined), ("as shipped", refined)):
        print(f"\n## {title}\n")
        rows, sure = rate(args.data, matting, args.limit)
        _print_rows(rows)
        print()
        _print_false(args.data, matting, args.limit)
        print("\nWithout the pictures of `labels/doubtful.txt`:\n")
        _print_rows(sure)


if __name__ == "__main__":
    main()
