"""How well mattes survive what happens to photos: `python -m training.robustness --data DIR`.

Evaluation pictures are shown turned, cropped, without colour, dark, noisy, blurred and squeezed,
with their labels changed alike. Figures are of the code that ships, means per picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from training.cache import U8, read_mask, read_rgb
from training.evaluate import refined
from training.metrics import Score, score
from training.sources import CLASSES

SETS = {"sky": ("ade", "sky60"), "hair": ("figaro", "celeb1k")}
NOISE = 20.0
BLUR = 2.5
JPEG = 12
DARK = 2.2

Change = Callable[[U8, U8], tuple[U8, U8]]


def _turned(quarters: int) -> Change:
    def change(rgb: U8, label: U8) -> tuple[U8, U8]:
        return (
            np.ascontiguousarray(np.rot90(rgb, quarters)),
            np.ascontiguousarray(np.rot90(label, quarters)),
        )

    return change


def _tilted(rgb: U8, label: U8) -> tuple[U8, U8]:
    height, width = label.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1.35)
    return (
        np.asarray(cv2.warpAffine(rgb, matrix, (width, height)), np.uint8),
        np.asarray(
            cv2.warpAffine(label, matrix, (width, height), flags=cv2.INTER_NEAREST), np.uint8
        ),
    )


def _cropped(rgb: U8, label: U8) -> tuple[U8, U8]:
    height, width = label.shape
    part = slice(0, round(0.6 * height)), slice(round(0.4 * width), width)
    return np.ascontiguousarray(rgb[part]), np.ascontiguousarray(label[part])


def _only(change: Callable[[U8], U8]) -> Change:
    """A change of the picture that leaves its label alone."""
    return lambda rgb, label: (change(rgb), label)


def _grey(rgb: U8) -> U8:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _dark(rgb: U8) -> U8:
    return np.asarray(255 * (rgb / np.float32(255)) ** DARK, np.uint8)


def _noisy(rgb: U8) -> U8:
    noise = np.random.default_rng(1).normal(0, NOISE, rgb.shape)
    return np.asarray(np.clip(rgb + noise, 0, 255), np.uint8)


def _blurred(rgb: U8) -> U8:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), BLUR), np.uint8)


def _squeezed(rgb: U8) -> U8:
    data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, JPEG])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


CHANGES: dict[str, Change] = {
    "as they are": lambda rgb, label: (rgb, label),
    "tilted by 20 degrees": _tilted,
    "on their left side": _turned(1),
    "upside down": _turned(2),
    "the upper right 60 % of each side": _cropped,
    "without colour": _only(_grey),
    f"dark (gamma {DARK})": _only(_dark),
    f"noise of {NOISE:.0f} levels": _only(_noisy),
    f"blurred by {BLUR} pixels": _only(_blurred),
    f"JPEG of quality {JPEG}": _only(_squeezed),
}


def rate(data: Path, element: str, change: Change, every: int) -> Score:
    """Mean figures of one element under a change, over each `every`th picture."""
    scores = []
    for name in SETS[element]:
        for photo in sorted((data / "eval" / element / name).glob("*.webp"))[::every]:
            rgb, label = change(read_rgb(photo), read_mask(photo.with_suffix(".png")))
            scores.append(score(refined(rgb, CLASSES.index(element)), label))
    table = np.array([(s.iou, s.boundary, s.band, s.false_area) for s in scores])
    return Score(*table.mean(axis=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    parser.add_argument("--every", type=int, default=1, help="only each so manyth picture")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print("| pictures | sky IoU | sky BF | hair IoU | hair BF |\n|---|---|---|---|---|")
    for name, change in CHANGES.items():
        sky, hair = (rate(args.data, element, change, args.every) for element in SETS)
        figures = f"{sky.iou:.3f} | {sky.boundary:.3f} | {hair.iou:.3f} | {hair.boundary:.3f}"
        print(f"| {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
