"""Write a trained network as ONNX: `python -m training.export last.pt out.onnx`, and
`python -m training.export --network heads last.pt out.onnx` for the network that looks at heads.
Of several checkpoints, `first.pt:0.35 last.pt:0.65 out.onnx`, the weights' mean is written.

The file takes uint8 pictures, so that nothing about scaling must be agreed on elsewhere.
`training.quantize` makes of it what ships.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from training.network import SIZES, MatteNet
from training.sources import FACE, HAIR, SKY

OPSET = 17

# The classes that each network is asked about, the first and the last.
ASKED = {"mattes": (SKY, FACE), "heads": (HAIR, FACE)}


class Shipped(nn.Module):
    """uint8 (N, H, W, 3) to probabilities of some classes, float32 (N, C, H, W)."""

    def __init__(self, net: MatteNet, first: int, last: int) -> None:
        super().__init__()
        self.net = net
        self.asked = slice(first, last + 1)

    def forward(self, rgb: Tensor) -> Tensor:
        return torch.sigmoid(self.net(rgb.permute(0, 3, 1, 2).float())[:, self.asked])


def mean_weights(checkpoints: list[str]) -> dict[str, Tensor]:
    """The mean of checkpoints' moving averages: of "PATH" or, with its share, "PATH:SHARE" each."""
    mean: dict[str, Tensor] = {}
    shares = [float(name.partition(":")[2] or 1) for name in checkpoints]
    for name, share in zip(checkpoints, shares, strict=True):
        path = name.partition(":")[0]
        for key, value in torch.load(path, map_location="cpu", weights_only=True)["ema"].items():
            part = value.double() * (share / sum(shares))
            mean[key] = mean[key] + part if key in mean else part
    return mean


def export(checkpoints: list[str], out: Path, network: str) -> None:
    """Write checkpoints' mean as ONNX, see `mean_weights`; network: one of `SIZES`, and what the
    file's output is called."""
    net = MatteNet(SIZES[network])
    net.load_state_dict(mean_weights(checkpoints))
    torch.onnx.export(
        Shipped(net, *ASKED[network]).eval(),
        (torch.zeros(1, 256, 320, 3, dtype=torch.uint8),),
        str(out),
        input_names=["rgb"],
        output_names=[network],
        dynamic_axes={"rgb": {1: "height", 2: "width"}, network: {2: "height", 3: "width"}},
        opset_version=OPSET,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT[:SHARE]")
    parser.add_argument("out", type=Path)
    parser.add_argument("--network", choices=SIZES, default="mattes")
    args = parser.parse_args()
    export(args.checkpoints, args.out, args.network)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
