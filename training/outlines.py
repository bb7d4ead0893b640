"""How far labels of hair can be trusted, by outlines drawn by hand.

`python -m training.outlines --data DATA`. `labels/outlines.json` holds outlines of hair, drawn at
about ten times the size, without labels in sight, on pictures picked at random; within a narrow
band around them the colours decide (closed-form matting, Levin et al. 2008). The mean IoU and
boundary F-score of matte and label, of matte and outline, and of outline and label: the last is
what a person scores.
`--sheet OUT.png` draws all three: the label red, the matte green, the outline blue.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pymatting import estimate_alpha_cf

from training.cache import U8, read_mask, read_rgb
from training.metrics import boundary_f, iou
from training.sources import LISTS
from windstill.perceive import perceive

Bool = NDArray[np.bool_]
Polygons = list[list[list[float]]]

OUTLINES = LISTS / "outlines.json"
# The colours decide up to this far from an outline, in parts of the head's larger side; around it
# is looked at half as much again. Both at twice the picture's size.
BAND, AROUND, SCALE = 0.02, 0.25, 2
# OpenCV's fixed-point corners: sixteenths of a pixel.
SHIFT = 4
TILE, COLUMNS = 400, 6
COLOURS = (255, 60, 60), (60, 255, 60), (80, 130, 255)


def inside(polygons: Polygons, shape: tuple[int, int], scale: float) -> Bool:
    """What lies in any of the polygons, corners (x, y) in pixels of the picture; bool `shape`."""
    mask: U8 = np.zeros(shape, np.uint8)
    for polygon in polygons:
        corners = (np.array(polygon) * scale - 0.5) * (1 << SHIFT)
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1, shift=SHIFT)
    return mask > 0


def drawn(rgb: U8, hair: Polygons, gaps: Polygons) -> Bool:
    """Where the hair is by a person's outlines and the colours beside them, bool (H, W)."""
    height, width = rgb.shape[:2]
    corners = np.array([corner for polygon in hair for corner in polygon])
    head = float(np.ptp(corners, axis=0).max())
    low = np.maximum(corners.min(0) - AROUND * head, 0).astype(int)
    high = np.minimum(corners.max(0) + AROUND * head + 1, (width, height)).astype(int)
    window = slice(low[1], high[1]), slice(low[0], high[0])
    large = cv2.resize(rgb[window], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    moved = [[[[x - low[0], y - low[1]] for x, y in p] for p in part] for part in (hair, gaps)]
    shape = (large.shape[0], large.shape[1])
    sure = (inside(moved[0], shape, SCALE) & ~inside(moved[1], shape, SCALE)).astype(np.uint8)
    band = max(2, round(BAND * head * SCALE))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    trimap = np.full(shape, 0.5)
    trimap[cv2.erode(sure, disc) > 0] = 1
    trimap[cv2.dilate(sure, disc) == 0] = 0
    alpha = estimate_alpha_cf(large / 255, trimap).astype(np.float32)
    found = np.zeros((height, width), bool)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    found[window] = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 0.5
    return found


def compared(label: Bool, seen: Bool, outlined: Bool, counted: Bool) -> list[float]:
    """The figures of the module's docstring for one picture: IoU and boundary F-score of one pair
    after the other."""
    pairs = (seen, label), (seen, outlined), (outlined, label)
    return [how(*pair, counted) for pair in pairs for how in (iou, boundary_f)]


def tile(rgb: U8, masks: tuple[Bool, Bool, Bool]) -> U8:
    """The head of a photo under the borders of label, matte and outline, (TILE, TILE, 3)."""
    ys, xs = np.nonzero(masks[0] | masks[2])
    reach = max(np.ptp(ys), np.ptp(xs)) // 4
    top, left = max(0, ys.min() - reach), max(0, xs.min() - reach)
    part = slice(top, ys.max() + reach), slice(left, xs.max() + reach)
    scale = TILE / max(rgb[part].shape[:2])
    shown = cv2.resize(rgb[part], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for mask, colour in zip(masks, COLOURS, strict=True):
        large = cv2.resize(
            mask[part].astype(np.uint8), shown.shape[1::-1], interpolation=cv2.INTER_NEAREST
        )
        borders, _ = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(shown, borders, -1, colour, 1)
    out: U8 = np.zeros((TILE, TILE, 3), np.uint8)
    out[: shown.shape[0], : shown.shape[1]] = shown[:TILE, :TILE]
    return out


def sheet(tiles: list[U8]) -> U8:
    """Tiles in rows."""
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    parser.add_argument("--sheet", type=Path, help="a picture of what is compared, to write")
    args = parser.parse_args()
    found: dict[str, list[list[float]]] = defaultdict(list)
    tiles = []
    for name, parts in json.loads(OUTLINES.read_text()).items():
        photo = args.data / "eval" / f"{name}.webp"
        rgb, mask = read_rgb(photo), read_mask(photo.with_suffix(".png"))
        seen = perceive(rgb, threads=1).hair > 0.5
        masks = mask > 191, seen, drawn(rgb, parts["hair"], parts["gaps"])
        found[name.rpartition("/")[0]].append(compared(*masks, (mask < 64) | (mask > 191)))
        if args.sheet:
            tiles.append(tile(rgb, masks))
    if args.sheet:
        cv2.imwrite(str(args.sheet), sheet(tiles)[..., ::-1])
    print("| set | pictures | matte and label | matte and outline | outline and label |")
    print("|---|---|---|---|---|")
    for name, rows in found.items():
        means = np.mean(rows, axis=0)
        cells = " | ".join(f"{means[i]:.3f} / {means[i + 1]:.3f}" for i in (0, 2, 4))
        print(f"| {name} | {len(rows)} | {cells} |")


if __name__ == "__main__":
    main()
