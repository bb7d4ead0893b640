"""Write a trained network as a file that ships: `python -m training.export last.pt out.onnx`, and
`python -m training.export --network heads last.pt out.onnx` for the network that looks at heads.
Of several checkpoints, `first.pt:0.35 last.pt:0.65 out.onnx`, the weights' mean is written.

The file takes uint8 pictures, so that nothing about scaling must be agreed on elsewhere, and keeps
its weights as fp16, half the size, and the largest as bytes: mattes differ by less than an 8-bit
step.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.network import SIZES, MatteNet
from training.sources import HAIR, SKY

OPSET = 17
# Weights of more numbers than this are stored as fp16, of more than that as bytes: those of the
# encoder's last stages, whose sums are over hundreds of channels.
HALVED, BYTES = 256, 80_000


# The first class that each network is asked about: the one for heads is not asked about skies.
FIRST = {"mattes": SKY, "heads": HAIR}


class Shipped(nn.Module):
    """uint8 (N, H, W, 3) to probabilities float32 (N, C, H, W)."""

    def __init__(self, net: MatteNet, first: int) -> None:
        super().__init__()
        self.net = net
        self.first = first

    def forward(self, rgb: Tensor) -> Tensor:
        return torch.sigmoid(self.net(rgb.permute(0, 3, 1, 2).float())[:, self.first :])


def shrink_weights(model: onnx.ModelProto) -> None:
    """Store large float32 weights as fp16, and the largest as bytes with a scale for each output
    channel; what makes them float32 again where they are used is done once, at loading."""
    graph = model.graph
    nodes = []
    for tensor in list(graph.initializer):
        size = int(np.prod(tensor.dims))
        if tensor.data_type == TensorProto.FLOAT and size > HALVED:
            graph.initializer.remove(tensor)
            kept, restored = (_as_half if size <= BYTES else _as_bytes)(tensor)
            graph.initializer.extend(kept)
            nodes += restored
    for node in reversed(nodes):
        graph.node.insert(0, node)


Stored = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]


def _as_half(tensor: onnx.TensorProto) -> Stored:
    """What is stored in place of a tensor, and the nodes that make the tensor of it."""
    name = tensor.name
    half = numpy_helper.to_array(tensor).astype(np.float16)
    cast = helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
    return [numpy_helper.from_array(half, f"{name}_half")], [cast]


def _as_bytes(tensor: onnx.TensorProto) -> Stored:
    """The same, by bytes and the scale of each output channel."""
    name, values = tensor.name, numpy_helper.to_array(tensor)
    largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
    scale = np.maximum(largest / np.float32(127), np.float32(1e-20))
    stored = np.round(values / scale).astype(np.int8)
    whole = helper.make_node("Cast", [f"{name}_byte"], [f"{name}_whole"], to=TensorProto.FLOAT)
    scaled = helper.make_node("Mul", [f"{name}_whole", f"{name}_scale"], [name])
    kept = (stored, f"{name}_byte"), (scale, f"{name}_scale")
    return [numpy_helper.from_array(*each) for each in kept], [whole, scaled]


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
        Shipped(net, FIRST[network]).eval(),
        (torch.zeros(1, 256, 320, 3, dtype=torch.uint8),),
        str(out),
        input_names=["rgb"],
        output_names=[network],
        dynamic_axes={"rgb": {1: "height", 2: "width"}, network: {2: "height", 3: "width"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(out))
    shrink_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


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
