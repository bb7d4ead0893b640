"""Let a network compute in whole numbers: `python -m training.quantize NET.onnx OUT.onnx --data
DIR`.

Its maps become bytes, within the ranges that they have on training views, and its weights whole
numbers of seven bits with a scale for each output channel. Seven, because processors that only know
AVX2 add two products of bytes in 16 bits, and with eight these overflow now and then; so every
processor gives the same maps.

Rounding moves the mean of each map a little, and over eighty layers that adds up: half of what
rounding costs. Biases make up for it (Nagel et al., "Data-Free Quantization Through Weight
Equalization and Bias Correction", 2019; here the means are measured).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.evidence import EVIDENCE, exposed
from training.network import SIZES
from training.views import training_views

# Of the views of each size, so many. Sizes in pixels: what each network is shown when it is used.
VIEWS = 96
VIEW_SIZES = {"mattes": (416, 352), "heads": (352, 256)}
# For the means, one view in so many is enough.
MEANS = 8
LEAST_STEP = 1e-9
LAYERS = ["Conv", "ConvTranspose", "Add", "Resize", "Relu", "Clip"]
# How the names of layers begin that stay exact; those that `training.evidence` adds do, too.
EXACT = "exact/"

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]


class _Views(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, views: list[U8]) -> None:
        self.views = iter(views)

    def get_next(self) -> dict[str, U8] | None:
        view = next(self.views, None)
        return None if view is None else {"rgb": view}


def quantized(path: Path, views: list[U8]) -> onnx.ModelProto:
    """A network's file in whole numbers, by the ranges and means of its maps on `views`."""
    with tempfile.TemporaryDirectory() as folder:
        exact, whole = Path(folder) / "exact.onnx", Path(folder) / "whole.onnx"
        # Folds normalisations into the weights.
        quant_pre_process(path, exact, skip_symbolic_shape=True)
        quantize_static(
            exact,
            whole,
            _Views(views),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=LAYERS,
            nodes_to_exclude=_exact(exact),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        model = onnx.load(str(whole))
        keep_means(model, onnx.load(str(exact)), views[::MEANS])
    return model


def _exact(path: Path) -> list[str]:
    """The layers that stay exact."""
    nodes = onnx.load(str(path)).graph.node
    return [node.name for node in nodes if node.name.startswith((EVIDENCE, EXACT))]


def keep_means(model: onnx.ModelProto, exact: onnx.ModelProto, views: list[U8]) -> None:
    """Shifts the biases of a network in whole numbers, layer by layer, until each channel of its
    maps has the mean on `views` that it has in the exact network."""
    made = {name for node in exact.graph.node for name in node.output}
    makers = {name: node for node in model.graph.node for name in node.output}
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    layers = [
        node
        for node in model.graph.node
        if node.op_type == "Conv"
        and len(node.input) == 3
        # Layers that stay exact keep their biases as they are.
        and node.input[2] in makers
        and node.output[0] in made
    ]
    wanted = _means(exact, [layer.output[0] for layer in layers], views)
    for layer, mean in zip(layers, wanted, strict=True):
        rounded = f"{layer.output[0]}_DequantizeLinear_Output"
        (found,) = _means(model, [rounded if rounded in makers else layer.output[0]], views)
        bias, scale = (stored[name] for name in makers[layer.input[2]].input[:2])
        step = numpy_helper.to_array(scale).astype(np.float64)
        # A channel without weights has no step worth the name.
        shift = np.where(step > LEAST_STEP, (mean - found) / np.maximum(step, LEAST_STEP), 0)
        shifted = numpy_helper.to_array(bias) + np.round(shift).astype(np.int32)
        bias.CopyFrom(numpy_helper.from_array(shifted, bias.name))


def _means(model: onnx.ModelProto, maps: list[str], views: list[U8]) -> list[F64]:
    """The mean of each channel of some maps over all views, float64 (C,) each."""
    session = exposed(model, maps)
    sums: list[Any] = [0.0] * len(maps)
    for view in views:
        for index, found in enumerate(session.run(maps, {"rgb": view})):
            sums[index] = sums[index] + found.mean(axis=(0, 2, 3), dtype=np.float64)
    return [np.asarray(total / len(views)) for total in sums]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exported", type=Path, help="as `training.export` wrote it")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--network", choices=SIZES, default="mattes")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    sizes = VIEW_SIZES[args.network]
    views = training_views(args.data, args.network, sizes, 1, VIEWS, args.seed)
    model = quantized(args.exported, list(views))
    onnx.checker.check_model(model)
    onnx.save(model, str(args.out))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
