"""Figures of the pictures that are hard: `python -m training.difficult --data DATA`.

Skies by kind, heads by size and by where they look, and what is found in pictures where nothing
is. Pictures that one part of a set was trained on are told apart from those of the evaluation part.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.cache import U8, read_mask, read_rgb
from training.metrics import score
from training.sources import CLASSES, HAIR, SKY, empty, without
from windstill.perceive import perceive
from windstill.perceive.mattes import Mattes

# Longer sides of heads' boxes, in pixels of the picture, up to which they are counted together.
SIZES = (50, 80, 110, 150, 200, 300)
# A head is found when its hair in its box is, by more than this of IoU.
FOUND = 0.5
# What must not be marked of a picture where nothing is: sky, hair.
ALLOWED = {SKY: 0.05, HAIR: 0.01}

Matting = Callable[[U8], Mattes]


@dataclass(frozen=True)
class Head:
    """A labelled head with hair: the longer side of its box in pixels, where it looks, and the IoU
    of its hair in the box."""

    side: int
    facing: str
    iou: float

    @property
    def found(self) -> bool:
        return self.iou > FOUND

    @property
    def size(self) -> str:
        """The class of sizes that it is counted in."""
        for low, high in zip((0, *SIZES), SIZES, strict=False):
            if self.side < high:
                return f"{low} to {high} px"
        return f"{SIZES[-1]} px and more"


def heads_of(folder: Path, matting: Matting) -> list[Head]:
    """Every labelled head with hair in a folder with heads.json."""
    heads = []
    for name, boxes in sorted(json.loads((folder / "heads.json").read_text()).items()):
        label = read_mask(folder / f"{name}.png")
        matte = matting(read_rgb(folder / f"{name}.webp")).hair if boxes else None
        for box in boxes:
            if matte is None or not box["hair_px"]:
                continue
            rows = slice(max(0, box["y"]), box["y"] + box["h"])
            columns = slice(max(0, box["x"]), box["x"] + box["w"])
            rated = score(matte[rows, columns], label[rows, columns])
            heads.append(Head(max(box["w"], box["h"]), box["facing"], rated.iou))
    return heads


def _kinds(folder: Path) -> dict[str, str]:
    """The kind of each picture, by name, as the folder's sources.tsv says."""
    first, *lines = (folder / "sources.tsv").read_text().splitlines()
    kind = first.split("\t").index("kind")
    return {line.split("\t")[0]: line.split("\t")[kind] for line in lines}


def ious_by_kind(folder: Path, element: str, matting: Matting) -> dict[str, list[float]]:
    """IoU of each picture that has the element, by kind."""
    found = defaultdict(list)
    for name, kind in _kinds(folder).items():
        label = read_mask(folder / f"{name}.png")
        if (label > 191).any():
            matte = getattr(matting(read_rgb(folder / f"{name}.webp")), element)
            found[kind].append(score(matte, label).iou)
    return found


@dataclass(frozen=True)
class Negatives:
    """Pictures without an element. name: where they come from, and whether a part of the networks
    was trained on them. element: SKY or HAIR."""

    name: str
    element: int
    photos: list[Path]

    @property
    def trained_on(self) -> bool:
        return self.name.endswith("trained on")


def negatives(data: Path) -> list[Negatives]:
    """Pictures in which a person saw no sky, or no hair."""
    groups: dict[tuple[str, int], list[Path]] = defaultdict(list)
    for item in (*empty(data), *without(data)):
        part = "held out" if item.held_out else "trained on"
        for element in {SKY, HAIR} & set(item.absent):
            groups[f"{item.group.split('/')[0]}, {part}", element].append(item.photo)
    for folder, part in (("eval", "held out"), ("train", "trained on")):
        for element in (SKY, HAIR):
            for photo in (data / folder / CLASSES[element] / "difficult").glob("*.webp"):
                if not (read_mask(photo.with_suffix(".png")) > 191).any():
                    groups[f"{CLASSES[element]}/difficult, {part}", element].append(photo)
    return [Negatives(*key, sorted(photos)) for key, photos in sorted(groups.items())]


def _print_skies(data: Path, matting: Matting) -> None:
    print("| skies | pictures | IoU | worst |\n|---|---|---|---|")
    for part in ("eval", "train"):
        kinds = ious_by_kind(data / part / "sky" / "difficult", "sky", matting)
        for kind, ious in sorted(kinds.items()):
            print(f"| {part}, {kind} | {len(ious)} | {np.mean(ious):.3f} | {min(ious):.3f} |")
        ious = [iou for each in kinds.values() for iou in each]
        print(f"| **{part}** | {len(ious)} | {np.mean(ious):.3f} | {min(ious):.3f} |", flush=True)


def _print_heads(data: Path, matting: Matting) -> None:
    print("\n| heads | found | of | mean IoU |\n|---|---|---|---|")
    for part in ("eval", "train"):
        heads = heads_of(data / part / "hair" / "difficult", matting)
        groups: dict[str, list[Head]] = defaultdict(list)
        for head in sorted(heads, key=lambda head: head.side):
            groups[head.size].append(head)
        for head in heads:
            groups[head.facing].append(head)
        groups["**all**"] = heads
        for name, group in groups.items():
            found = sum(head.found for head in group)
            mean = np.mean([head.iou for head in group])
            print(f"| {part}, {name} | {found} | {len(group)} | {mean:.3f} |", flush=True)


def _print_negatives(data: Path, matting: Matting, step: int) -> None:
    print("\n| without | element | pictures | mean area % | largest % | over the limit | worst |")
    print("|---|---|---|---|---|---|---|")
    for group in negatives(data):
        element, limit = CLASSES[group.element], ALLOWED[group.element]
        areas: dict[str, float] = {}
        for photo in group.photos[:: step if group.trained_on else 1]:
            areas[photo.stem] = float((getattr(matting(read_rgb(photo)), element) > 0.5).mean())
        found = np.array(list(areas.values()))
        over = sorted((name for name in areas if areas[name] > limit), key=lambda n: -areas[n])
        figures = f"{100 * found.mean():.2f} | {100 * found.max():.1f} | {len(over)}"
        print(f"| {group.name} | {element} | {len(found)} | {figures} | {' '.join(over[:4])} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and eval/")
    parser.add_argument("--only", choices=("skies", "heads", "negatives"))
    parser.add_argument(
        "--every", type=int, default=1, help="of pictures trained on, one in so many"
    )
    args = parser.parse_args()
    cv2.setNumThreads(1)

    def matting(rgb: U8) -> Mattes:
        return perceive(rgb, threads=1)

    if args.only in (None, "skies"):
        _print_skies(args.data, matting)
    if args.only in (None, "heads"):
        _print_heads(args.data, matting)
    if args.only in (None, "negatives"):
        _print_negatives(args.data, matting, args.every)


if __name__ == "__main__":
    main()
