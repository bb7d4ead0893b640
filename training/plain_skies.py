"""How far labels can be trusted where the sky's light tells by itself where it is.

`python -m training.plain_skies --data DATA`. A sky that is lighter everywhere than all that stands
before it can be told from it by a threshold (Otsu 1979), twig by twig. For each set, the mean IoU
and boundary F-score over such pictures of label and matte, of light and matte, and of light and
label: the last is what a matte that follows the light exactly would score.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, read_mask, read_rgb
from training.metrics import boundary_f, iou
from windstill.perceive import perceive

Bool = NDArray[np.bool_]

SETS = ("ade", "camvid", "lmfacade")
# Looked at are all pixels that label or matte take for sky, and gaps of up to so many pixels.
GAP = 15
# Of what both are sure of, so many pixels from its border, nearly all is lighter by so much than
# the threshold.
INSIDE, NEARLY_ALL, LIGHTER = 9, 2, 10
LEAST = 500


def light(rgb: U8, label: Bool, seen: Bool) -> Bool | None:
    """Where the sky is by its light, bool (H, W); None if that does not tell."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    either = (label | seen).astype(np.uint8)
    around = cv2.morphologyEx(either, cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8)) > 0
    both = (label & seen).astype(np.uint8)
    sure = cv2.erode(both, np.ones((INSIDE, INSIDE), np.uint8)) > 0
    if np.count_nonzero(sure) < LEAST:
        return None
    threshold, _ = cv2.threshold(luma[around].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    if np.percentile(luma[sure], NEARLY_ALL) < threshold + LIGHTER:
        return None
    return np.asarray(around & (luma > threshold))


def compared(folder: Path) -> list[list[float]]:
    """The figures of the module's docstring for each picture of a set that allows it: IoU and
    boundary F-score of one pair after the other."""
    found = []
    for photo in sorted(folder.glob("*.webp")):
        rgb, mask = read_rgb(photo), read_mask(photo.with_suffix(".png"))
        label, counted = mask > 191, (mask < 64) | (mask > 191)
        seen = perceive(rgb, threads=1).sky > 0.5
        lit = light(rgb, label, seen)
        if lit is not None:
            pairs = (seen, label), (seen, lit), (lit, label)
            found.append([how(*pair, counted) for pair in pairs for how in (iou, boundary_f)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print("| set | plain skies | label and matte | light and matte | light and label |")
    print("|---|---|---|---|---|")
    for name in SETS:
        found = compared(args.data / "eval" / "sky" / name)
        means = np.mean(found, axis=0).reshape(-1, 2)
        pairs = " | ".join(f"{area:.3f}/{border:.3f}" for area, border in means)
        print(f"| sky {name} | {len(found)} | {pairs} |")


if __name__ == "__main__":
    main()
