"""What a trained network must not lose while it learns new things: the word of a teacher.

A network that learns storms, paintings and clothes forgets a little of streets and of small heads.
So each step shows it ordinary views of these, too, and pulls its answers towards the labels and,
harder, towards the answers of an older network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.augment import degrade, place, recolour
from training.cache import Sample
from training.losses import CLASS_WEIGHT, matte_loss
from training.network import MatteNet
from training.stream import WHOLE_PHOTOS, weights

# How often each group of pictures is shown, of all that the teacher speaks about.
KEPT = {
    "sky/camvid": 0.20,
    "sky/lmfacade": 0.20,
    "hair/ccp": 0.20,
    "hair/figaro": 0.12,
    "accepted/sky": 0.12,
    "hair/celeb1k": 0.06,
    "sky/ade": 0.06,
    "hair/lfw": 0.04,
}
# Beside a teacher the other pictures are drawn so many times as often as `sources.SETS` says.
OFTENER = {
    "empty/clothes_cc0": 2.0,
    "hair/figaro": 0.5,
    "hair/celeb1k": 0.5,
    "face/celeba19": 0.5,
}
# Size of the views in pixels, how many a process is shown at each step, and how many of the others
# of 256 pixels it is shown then.
SIZE, AT_ONCE, OTHERS = 320, 5, 7
# Parts of the views whose light, and whose file, is another one.
RECOLOURED, DEGRADED = 0.6, 0.6
# What the label counts, and the teacher.
LABEL, TEACHER = 0.5, 4.0


def rebalanced(samples: Sequence[Sample]) -> list[Sample]:
    """The same samples, drawn as often as is good beside a teacher."""

    def often(sample: Sample) -> Sample:
        item, factor = sample.item, OFTENER.get(sample.item.group, 1.0)
        return replace(sample, item=replace(item, share=item.share * factor))

    return [often(sample) for sample in samples]


class Keeper:
    """A teacher and the views that it is asked about."""

    def __init__(self, teacher: MatteNet, samples: Sequence[Sample], seed: int) -> None:
        self.teacher = teacher.eval()
        groups = defaultdict(list)
        for sample in samples:
            groups[sample.item.group].append(sample)
        self.groups = [groups[name] for name in KEPT if groups[name]]
        shares = np.array([share for name, share in KEPT.items() if groups[name]])
        self.shares = shares / shares.sum()
        self.rng = np.random.default_rng(seed)

    def loss(self, net: MatteNet) -> Tensor:
        """How far a network is from labels and teacher on the next views."""
        rgb, target, weight = self._views()
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                taught = self.teacher(rgb).float()
            logits = net(rgb)
        return LABEL * matte_loss(logits.float(), target, weight) + TEACHER * distance(
            logits.float(), taught
        )

    def _views(self) -> tuple[Tensor, Tensor, Tensor]:
        parts = [self._view() for _ in range(AT_ONCE)]
        rgb, target, weight = (
            torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2).float()
            for part in zip(*parts, strict=True)
        )
        return rgb, target / 255, weight

    def _view(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = self.rng
        group = self.groups[int(rng.choice(len(self.groups), p=self.shares))]
        view = place(group[int(rng.integers(len(group)))], SIZE, rng, WHOLE_PHOTOS.widths)
        rgb = recolour(view.rgb, rng) if rng.random() < RECOLOURED else view.rgb
        rgb = degrade(rgb, rng) if rng.random() < DEGRADED else rgb
        return rgb, view.values, weights(view)


def distance(logits: Tensor, taught: Tensor) -> Tensor:
    """Mean divergence of answers from a teacher's; logits, float (N, 3, H, W) each."""
    likely = torch.sigmoid(taught)
    own = functional.binary_cross_entropy_with_logits(logits, likely, reduction="none")
    least = functional.binary_cross_entropy_with_logits(taught, likely, reduction="none")
    importance = torch.tensor(CLASS_WEIGHT, dtype=logits.dtype).view(1, 3, 1, 1)
    return ((own - least) * importance).mean()
