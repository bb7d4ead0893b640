"""What the network is taught by: weighted cross entropy per pixel plus soft Dice per region."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# The face only anchors the scalp; sky and hair are what moves.
CLASS_WEIGHT = (1.0, 1.0, 0.4)


def matte_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean loss of a batch.

    All are float (N, 3, H, W): logits, target in [0, 1], and weight, 0 where a class is unknown.
    Dice counts only where a sample has the class; where it has none, cross entropy alone pulls to
    zero, since the Dice of an empty region is all or nothing.
    """
    importance = torch.tensor(CLASS_WEIGHT, dtype=logits.dtype).view(1, 3, 1, 1)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    counted = weight * importance
    cross = (entropy * counted).sum() / counted.sum().clamp(min=1)
    known = (weight > 0).to(logits.dtype)
    area = known.sum((2, 3))
    found = torch.sigmoid(logits) * known
    true = target * known
    overlap = (found * true).sum((2, 3))
    total = (found.square() + true.square()).sum((2, 3))
    has = (true.sum((2, 3)) > 0.002 * area.clamp(min=1)).to(logits.dtype)
    dice = 1 - (2 * overlap + 1) / (total + 1)
    per_class = has * importance.view(1, 3)
    return cross + 0.5 * (dice * per_class).sum() / per_class.sum().clamp(min=1)
