"""Labels for unlabelled pictures from a network's own sure answers, reviewed by a person.

`python -m training.pseudo CHECKPOINT --data DIR --work DIR` writes, for every unlabelled picture
that may show an element (it is not in labels/absent.txt), a mask of 255, 0 and 128 (unsure), and
sheets to look at. Pictures whose mask is right go into labels/accepted.txt; `training.train
--pseudo DIR` then learns from those. What is unsure, or changes with scale or mirroring, teaches
nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.cache import U8, read_rgb
from training.network import MatteNet
from training.sources import CLASSES, absences, verdicts
from training.validate import predict

SCALES = (256, 384)
SURE_YES, SURE_NO, AGREED = 0.85, 0.12, 0.25
BORDER = 3
SHEET_COLUMNS, SHEET_ROWS, THUMB = 9, 7, 168


def answers(net: MatteNet, rgb: U8) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and spread, each float32 (H, W, 3), over scales and mirroring."""
    seen = []
    for side in SCALES:
        seen.append(predict(net, rgb, side))
        mirrored = predict(net, np.ascontiguousarray(rgb[:, ::-1]), side)
        seen.append(mirrored[:, ::-1])
    stack = np.stack(seen)
    return stack.mean(axis=0), np.ptp(stack, axis=0)


def sure_mask(mean: NDArray[np.float32], spread: NDArray[np.float32]) -> U8:
    """255 where surely the element, 0 where surely not, 128 elsewhere; all (H, W)."""
    mask = np.full(mean.shape, 128, np.uint8)
    agreed = spread < AGREED
    mask[(mean > SURE_YES) & agreed] = 255
    mask[(mean < SURE_NO) & agreed] = 0
    return mask


def reviewed(mask: U8, verdict: str) -> U8:
    """The mask with its unsure parts decided, but for a narrow band along the border."""
    element = {"doubt-is-sky": True, "doubt-is-not": False}.get(verdict)
    if element is None:
        return mask
    other = (mask == (0 if element else 255)).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BORDER + 1, 2 * BORDER + 1))
    decided = mask.copy()
    decided[(mask == 128) & (cv2.dilate(other, disc) == 0)] = 255 if element else 0
    return decided


def _thumb(rgb: U8, mask: U8, number: int) -> U8:
    shown = rgb.copy()
    shown[mask == 255] = shown[mask == 255] // 2 + np.uint8([110, 0, 0])
    shown[mask == 128] = shown[mask == 128] // 2 + np.uint8([110, 110, 0])
    scale = (THUMB - 2) / max(rgb.shape[:2])
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((THUMB, THUMB, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    for colour, width in (((0, 0, 0), 3), ((255, 255, 0), 1)):
        cv2.putText(tile, str(number), (2, THUMB - 5), 0, 0.42, colour, width)
    return tile


def candidates(data: Path, element: str) -> list[Path]:
    """Unlabelled pictures not known to be without the element, in a fixed order."""
    without = absences()
    photos = sorted(p for p in (data / "unlabelled").glob("*/*") if p.suffix in (".jpg", ".webp"))
    return [
        photo
        for photo in photos
        if element not in without.get(f"{photo.parent.name}/{photo.stem}", ())
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--element", choices=CLASSES, default="sky")
    parser.add_argument("--folder", default="", help="only this folder of unlabelled/")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = MatteNet()
    net.load_state_dict(torch.load(args.checkpoint, map_location="cpu", weights_only=True)["ema"])
    net = net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    verdict = verdicts(args.element)
    tiles = []
    for number, photo in enumerate(candidates(args.data, args.element)):
        if not photo.parent.name.startswith(args.folder):
            continue
        rgb = read_rgb(photo, 512)
        mean, spread = answers(net, rgb)
        index = CLASSES.index(args.element)
        mask = sure_mask(mean[..., index], spread[..., index])
        mask = reviewed(mask, verdict.get(f"{photo.parent.name}/{photo.stem}", ""))
        target = args.work / args.element / photo.parent.name / f"{photo.stem}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), mask)
        tiles.append(_thumb(rgb, mask, number))
    per_sheet = SHEET_COLUMNS * SHEET_ROWS
    for start in range(0, len(tiles), per_sheet):
        part = tiles[start : start + per_sheet]
        part += [np.zeros_like(tiles[0])] * (-len(part) % SHEET_COLUMNS)
        lines = [np.hstack(part[i : i + SHEET_COLUMNS]) for i in range(0, len(part), SHEET_COLUMNS)]
        name = f"{args.element}-{args.folder}{start // per_sheet:02d}.png"
        cv2.imwrite(str(args.work / name), np.vstack(lines)[..., ::-1])


if __name__ == "__main__":
    main()
