"""The matte networks in torch: EfficientNet-Lite encoder, light U-Net decoder, three logits.

The encoder follows Tan and Le, "EfficientNet" (2019), in the Lite variant (no squeeze-excitation,
ReLU6), with symmetric padding instead of TensorFlow's: the features only move by a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

# Expansion, stride and kernel of each stage of any EfficientNet-Lite.
STAGES = ((1, 1, 3), (6, 2, 3), (6, 2, 5), (6, 2, 3), (6, 1, 5), (6, 2, 5), (6, 1, 3))
# Stages whose last block feeds the decoder: strides 2, 4, 8, 16, 32.
TAPS = (0, 1, 2, 4, 6)
DECODER = (24, 40, 64, 96, 160)
# Blocks before this one are as good for any task as they are.
TUNED_FROM = 5


@dataclass(frozen=True)
class Size:
    """How large an encoder is: channels of each stage's maps, and how many blocks it has."""

    channels: tuple[int, ...]
    repeats: tuple[int, ...]

    @property
    def tap_channels(self) -> tuple[int, ...]:
        """Of the maps that the decoder gets."""
        return tuple(self.channels[stage] for stage in TAPS)

    @property
    def tap_blocks(self) -> tuple[int, ...]:
        """Which blocks' outputs the decoder gets, counted from the first."""
        return tuple(sum(self.repeats[: stage + 1]) - 1 for stage in TAPS)


LITE0 = Size((16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1))
LITE2 = Size((16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1))
# Of the network for photos and the one for heads.
SIZES = {"mattes": LITE0, "heads": LITE2}


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Inverted residual; names as in the published weights."""

    def __init__(self, inputs: int, outputs: int, expand: int, stride: int, kernel: int) -> None:
        super().__init__()
        hidden = inputs * expand
        self.expands = expand != 1
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, hidden, 1, bias=False)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = nn.Conv2d(
            hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False
        )
        self._bn1 = _norm(hidden)
        self._project_conv = nn.Conv2d(hidden, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class Encoder(nn.Module):
    """RGB in [-1, 1] to five feature maps at strides 2 to 32."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self._taps = size.tap_blocks
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, 1, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        inputs = 32
        for (expand, stride, kernel), outputs, repeats in zip(
            STAGES, size.channels, size.repeats, strict=True
        ):
            for repeat in range(repeats):
                blocks.append(Block(inputs, outputs, expand, 1 if repeat else stride, kernel))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        features = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in self._taps:
                features.append(x)
        return features


def _separable(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Merge(nn.Module):
    """Upsample the coarse map by two, join the encoder's map, mix."""

    def __init__(self, coarse: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(
            nn.Conv2d(coarse, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.skip = nn.Sequential(nn.Conv2d(skip, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.mix = nn.Sequential(_separable(outputs, outputs), _separable(outputs, outputs))

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        # Reduced before it is enlarged: a quarter of the work, the same result.
        up = functional.interpolate(
            self.reduce(coarse), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        return self.mix(functional.relu(up + self.skip(skip)))


class MatteNet(nn.Module):
    """Logits of sky, hair and face, float (N, 3, H, W), for RGB (N, 3, H, W) of 0 to 255.

    H and W must be multiples of 32.
    """

    def __init__(self, size: Size = LITE0) -> None:
        super().__init__()
        self.encoder = Encoder(size)
        top, skips = DECODER[4], size.tap_channels
        self.top = nn.Sequential(nn.Conv2d(skips[4], top, 1, bias=False), nn.BatchNorm2d(top))
        # Whether a plain area is sky or a wall is decided by the rest of the picture.
        self.scene = nn.Sequential(nn.Conv2d(skips[4], top, 1), nn.ReLU(), nn.Conv2d(top, top, 1))
        self.context = _separable(top, top)
        self.merges = nn.ModuleList(
            Merge(DECODER[level + 1], skips[level], DECODER[level]) for level in (3, 2, 1, 0)
        )
        # Four sub-pixels per class: logits at full resolution without a full-resolution map.
        self.head = nn.Conv2d(DECODER[0], 12, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        features = self.encoder((rgb - 127.0) / 128.0)
        deep = features[4]
        x = self.top(deep) + self.scene(deep.mean((2, 3), keepdim=True))
        x = self.context(functional.relu(x))
        for merge, skip in zip(self.merges, reversed(features[:4]), strict=True):
            x = merge(x, skip)
        return functional.pixel_shuffle(self.head(x), 2)


def load_imagenet(net: MatteNet, path: Path) -> None:
    """Fill the encoder from the published EfficientNet-Lite weights of its size."""
    published = torch.load(path, map_location="cpu", weights_only=True)
    own = net.encoder.state_dict()
    missing = [name for name in own if name not in published]
    if missing:
        raise KeyError(f"not among the published weights: {missing[:3]}")
    net.encoder.load_state_dict({name: published[name] for name in own})


def freeze_early(net: MatteNet, blocks: int) -> None:
    """Keep the stem and the first blocks, weights and statistics, as they are.

    With `blocks` 0 everything learns. Call again after every `net.train()`.
    """
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    for module in _early(net, blocks):
        module.eval()
        module.requires_grad_(False)


def freeze_for_tuning(net: MatteNet) -> None:
    """Keep what a trained network hardly needs to change: its first blocks, all kernels that work
    on single channels, and the statistics of all maps. A step takes two fifths of the time then.

    Call again after every `net.train()`.
    """
    freeze_early(net, TUNED_FROM)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
        elif isinstance(module, nn.Conv2d) and module.groups > 1:
            module.requires_grad_(False)


def _early(net: MatteNet, blocks: int) -> list[nn.Module]:
    """The stem and the first blocks; nothing where `blocks` is 0."""
    encoder = net.encoder
    return [encoder._conv_stem, encoder._bn0, *encoder._blocks[:blocks]] if blocks else []
