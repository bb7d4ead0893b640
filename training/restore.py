"""A checkpoint from the file that ships, to train on: `python -m training.restore in.onnx out.pt`.

Export folds every normalisation into the convolution before it. Here each gets back the mean and
the variance that its convolution gives on training views, so that it neither changes what the
network says nor what it would say of the same views while it learns. The optimiser starts anew, and
weights are as `training.quantize` rounded them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from training.network import MatteNet
from training.train import TASKS, new_run
from training.views import training_views

BATCHES = 24
# The normalisation that follows each convolution of the encoder.
OF_BLOCK = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
}

Weights = dict[str, list[NDArray[np.float32]]]


def read_convolutions(path: Path) -> Weights:
    """Weight, and bias if there is one, of every convolution of an exported file, by module."""
    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found: Weights = {}
    for node in graph.node:
        if node.op_type == "Conv" and node.name.startswith("/net/"):
            # "/net/top/top.0/Conv": a sequence repeats its own name.
            parts = node.name.split("/")[2:-1]
            names = [
                n
                for n, after in zip(parts, [*parts[1:], ""], strict=True)
                if not after.startswith(n + ".")
            ]
            found[".".join(names)] = [_stored(stored, name) for name in node.input[1:]]
    return found


def _stored(stored: dict[str, NDArray[np.generic]], name: str) -> NDArray[np.float32]:
    """A weight or a bias, as it is or as `training.quantize` keeps it: in whole numbers, with
    scales for each output channel."""
    if name in stored:
        return np.asarray(stored[name], np.float32)
    name = name.removesuffix("_DequantizeLinear_Output")
    whole = np.asarray(stored[f"{name}_quantized"], np.float32)
    # Of weights, or of a bias.
    scale = stored.get(f"{name}_scale", stored.get(f"{name}_quantized_scale"))
    return whole * np.asarray(scale, np.float32).reshape(-1, *[1] * (whole.ndim - 1))


def _norm_after(net: MatteNet, name: str) -> nn.BatchNorm2d | None:
    """The normalisation that follows a convolution, if one does."""
    parent, _, own = name.rpartition(".")
    if own in OF_BLOCK:
        return net.get_submodule(f"{parent}.{OF_BLOCK[own]}")  # type: ignore[return-value]
    if not own.isdigit():
        return None
    modules = dict(net.get_submodule(parent).named_children())
    after = modules.get(str(int(own) + 1))
    return after if isinstance(after, nn.BatchNorm2d) else None


@torch.no_grad()
def fill(net: MatteNet, weights: Weights, views: list[Tensor]) -> None:
    """Puts weights into a network, and views' statistics into its normalisations.

    views: RGB of 0 to 255, float (N, 3, H, W) each. Raises KeyError for what is no module of it.
    """
    net.eval()
    norms = {}
    for name, (weight, *bias) in weights.items():
        module = net.get_submodule(name)
        module.weight.copy_(torch.from_numpy(weight.copy()))  # type: ignore[operator, union-attr]
        norm = _norm_after(net, name)
        if norm is not None:
            shift = torch.from_numpy(bias[0].copy())
            norm.running_mean.zero_()  # type: ignore[union-attr]
            norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
            norm.weight.fill_(1)
            norm.bias.copy_(shift)
            norms[norm] = shift
        elif bias:
            module.bias.copy_(torch.from_numpy(bias[0].copy()))  # type: ignore[operator, union-attr]
    sums = {norm: torch.zeros(2, norm.num_features, dtype=torch.float64) for norm in norms}

    def adding(norm: nn.BatchNorm2d) -> Callable[..., None]:
        def add(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            values = given[0].double()
            sums[norm] += torch.stack([values.mean((0, 2, 3)), (values**2).mean((0, 2, 3))])

        return add

    hooks = [norm.register_forward_pre_hook(adding(norm)) for norm in norms]
    for view in views:
        net(view)
    for hook in hooks:
        hook.remove()
    for norm, shift in norms.items():
        mean, square = sums[norm] / len(views)
        variance = (square - mean**2).clamp_min(1e-8)
        norm.running_mean.copy_(mean)  # type: ignore[union-attr]
        norm.running_var.copy_(variance)  # type: ignore[union-attr]
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(shift + mean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exported", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", choices=TASKS, default="mattes")
    parser.add_argument("--seen", type=int, default=0, help="where in the schedule to go on")
    args = parser.parse_args()
    batches = training_views(args.data, args.network, (256,), 8, BATCHES, seed=1)
    views = [torch.from_numpy(batch).permute(0, 3, 1, 2).float() for batch in batches]
    run = new_run(args.network)
    weights = read_convolutions(args.exported)
    for net in (run.net, run.ema):
        fill(net, weights, views)
    run.seen = args.seen
    run.save(args.checkpoint)


if __name__ == "__main__":
    main()
