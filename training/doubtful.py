"""Evaluation pictures whose labels are wrong: `python -m training.doubtful OUT.png --data DIR`.

Each photo stands beside itself with label and matte laid over it: green where both say that the
element is there, blue where only the label does, red where only the matte does. Which pictures, and
what is wrong with their labels, is in `labels/doubtful.txt`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, read_mask, read_rgb
from training.sources import doubtful
from windstill.perceive import perceive

Bool = NDArray[np.bool_]

TILE = 280
COLUMNS = 4
BOTH, LABEL, MATTE = (0, 200, 0), (0, 0, 255), (255, 0, 0)


def compared(rgb: U8, true: Bool, seen: Bool) -> U8:
    """The photo under where the label and where the matte say that the element is."""
    shown = rgb.astype(np.float32)
    for where, tint in ((true & seen, BOTH), (true & ~seen, LABEL), (seen & ~true, MATTE)):
        shown[where] = 0.45 * shown[where] + 0.55 * np.float32(tint)
    return shown.astype(np.uint8)


def _around(mask: Bool) -> tuple[slice, slice]:
    """All of the picture, or what is around the mask if that is small."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0 or len(rows) * len(columns) > mask.size / 9:
        return slice(None), slice(None)
    reach = max(len(rows), len(columns)) // 2
    return (
        slice(max(0, rows[0] - reach), rows[-1] + reach),
        slice(max(0, columns[0] - reach), columns[-1] + reach),
    )


def tile(data: Path, name: str, wrong: str) -> U8:
    """A photo and the comparison, side by side."""
    photo = data / "eval" / f"{name}.webp"
    rgb = read_rgb(photo)
    matte = getattr(perceive(rgb, threads=1), name.split("/")[0])
    label = read_mask(photo.with_suffix(".png"))
    # Nobody has said what is at 128.
    true, seen = label > 191, (matte > 0.5) & ((label < 64) | (label > 191))
    window = _around(true | seen)
    both = np.hstack([rgb[window], compared(rgb, true, seen)[window]])
    scale = min(TILE / both.shape[0], 2 * TILE / both.shape[1])
    small = cv2.resize(both, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((TILE, 2 * TILE, 3), np.uint8)
    out[: small.shape[0], : small.shape[1]] = small[:TILE, : 2 * TILE]
    cv2.putText(out, wrong, (4, TILE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 0), 1)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    args = parser.parse_args()
    tiles = [tile(args.data, name, wrong) for name, wrong in doubtful().items()]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(args.out), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
