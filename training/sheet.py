"""A sheet of photos under their mattes, to look at: `python -m training.sheet OUT.png PHOTO...`.

Sky is tinted blue, hair green, the face red; beside each photo the matte's edge at 100 %.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, read_rgb
from windstill.perceive import perceive
from windstill.perceive.mattes import Mattes

TILE = 300
COLUMNS = 5
TINTS = {"sky": (40, 90, 255), "hair": (40, 255, 60), "face": (255, 60, 40)}


def overlay(rgb: U8, mattes: Mattes) -> U8:
    """The photo, darkened, with each matte in its tint; uint8 (H, W, 3)."""
    shown = rgb.astype(np.float32) * 0.75
    for name, tint in TINTS.items():
        weight = getattr(mattes, name)[..., None] * np.float32(0.6)
        shown += (np.float32(tint) - shown) * weight
    return np.asarray(shown, np.uint8)


def _softest(mattes: Mattes) -> tuple[int, int]:
    """The middle of the window with the most half-covered pixels."""
    soft = np.zeros(mattes.shape, np.float32)
    for matte in (mattes.sky, mattes.hair):
        soft = np.maximum(soft, matte * (1 - matte))
    summed: NDArray[np.float32] = cv2.boxFilter(soft, -1, (TILE // 2, TILE // 2), normalize=False)
    y, x = np.unravel_index(int(summed.argmax()), summed.shape)
    return int(y), int(x)


def tile(rgb: U8) -> U8:
    """One photo: the whole under its mattes, and its softest edge at 100 %."""
    mattes = perceive(rgb, threads=1)
    shown = overlay(rgb, mattes)
    scale = TILE / max(rgb.shape[:2])
    whole = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((TILE, TILE + TILE // 2, 3), np.uint8)
    out[: whole.shape[0], : whole.shape[1]] = whole
    y, x = _softest(mattes)
    half = TILE // 4
    y = min(max(y, half), max(half, rgb.shape[0] - half))
    x = min(max(x, half), max(half, rgb.shape[1] - half))
    for row, picture in enumerate((rgb, shown)):
        crop = picture[max(0, y - half) : y + half, max(0, x - half) : x + half]
        out[row * 2 * half : row * 2 * half + crop.shape[0], TILE : TILE + crop.shape[1]] = crop
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    args = parser.parse_args()
    tiles = [tile(read_rgb(photo, 1600)) for photo in args.photos]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(args.out), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
