"""A quick look at held-out training pictures, to choose between networks."""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.cache import U8, Sample
from training.metrics import iou
from training.network import MatteNet
from training.sources import CLASSES

PER_SET = 16
LONG_SIDE = 320


def working_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """(rows, columns), multiples of 32, nearest to the picture's shape."""
    scale = long_side / max(height, width)
    rows, columns = (max(32, round(side * scale / 32) * 32) for side in (height, width))
    return rows, columns


@torch.no_grad()
def predict(net: MatteNet, rgb: U8, long_side: int = LONG_SIDE) -> NDArray[np.float32]:
    """Probabilities, float32 (H, W, 3), of uint8 RGB (H, W, 3)."""
    height, width = rgb.shape[:2]
    rows, columns = working_size(height, width, long_side)
    small = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
    tensor = torch.from_numpy(small).permute(2, 0, 1)[None].float()
    out = torch.sigmoid(net(tensor.contiguous(memory_format=torch.channels_last)))[0]
    planes = out.permute(1, 2, 0).contiguous().numpy()
    return np.asarray(cv2.resize(planes, (width, height)), np.float32)


def validate(net: MatteNet, samples: list[Sample]) -> str:
    """IoU per set, and the mean false area in thousandths where a class is absent."""
    net.eval()
    found: dict[str, list[float]] = defaultdict(list)
    false: dict[str, list[float]] = defaultdict(list)
    taken: dict[str, int] = defaultdict(int)
    for sample in samples:
        group = sample.item.group
        if taken[group] >= PER_SET:
            continue
        taken[group] += 1
        probability = predict(net, sample.rgb)
        for index, name in enumerate(CLASSES):
            true = ((sample.labels >> index) & 1) > 0
            known = ((sample.labels >> (index + 3)) & 1) > 0
            marked = probability[..., index] > 0.5
            if true.any():
                found[f"{name}/{group.split('/')[1]}"].append(iou(marked, true, known))
            elif known.mean() > 0.5:
                false[name].append(float((marked & known).mean()))
    scores = " ".join(f"{key} {np.mean(value):.3f}" for key, value in sorted(found.items()))
    wrong = " ".join(f"{key} {1000 * np.mean(value):.1f}" for key, value in sorted(false.items()))
    return f"| {scores} | false ‰ {wrong}"
