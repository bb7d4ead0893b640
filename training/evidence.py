"""Teach the network when to believe a sky: `python -m training.evidence NET.onnx --data DIR`.

Pixel by pixel, a wall, a waterfall or a backdrop out of focus can be as much sky as a sky. As a
whole it is not: what the network's features say about a region, from its place in the picture to
its grain, and about the rest of the picture, tells most of them apart. This adds a small output to
the network's file, "evidence", whose mean over a region is that region's log-odds of being sky: a
logistic regression on the features' means over regions that the network takes for sky in the
training pictures. The bias is set so that `--kept` of the area of true skies of landscapes stays
above nought; which regions those are is cross-validated, because the network has seen these
pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from training.augment import degrade, recolour
from training.cache import Sample, load
from training.network import DECODER, LITE0
from training.planes import plane
from training.skies import synthetic_sky
from training.sources import ALOFT, SKY, Item, accepted, empty, labelled, without
from windstill.perceive import LOOK
from windstill.perceive.network import shown
from windstill.perceive.regions import LIKELY

# The network's maps that are asked about each place, by their names in the file, with their strides
# and channels: the coarse ones know the surroundings, and a slit of sky between two houses is seen
# in the fine ones only. And the map of the whole picture.
PLACES = (
    ("/net/context/context.3/Relu_output_0", 32, DECODER[4]),
    ("/net/merges.0/mix/mix.1/mix.1.3/Relu_output_0", 16, DECODER[3]),
    ("/net/merges.1/mix/mix.1/mix.1.3/Relu_output_0", 8, DECODER[2]),
)
WHOLE, DEEP = "/net/ReduceMean_output_0", LITE0.tap_channels[4]
MATTES, EVIDENCE = "mattes", "evidence"
ASKED = [MATTES, *(name for name, _, _ in PLACES), WHOLE]
STRIDE = 8
# Smaller regions teach little; what is neither true nor false teaches nothing.
LEAST = 0.0005
FALSE, TRUE, KNOWN = 0.3, 0.6, 0.5
# Strength of the logistic regression's prior, as scikit-learn's C; and parts of cross-validation.
TRUST, FOLDS = 0.03, 4
# What is nearest to the photos that people bring counts most: landscapes, and pictures without a
# sky that a person looked at.
NEAR_GROUPS, NEAREST = ("accepted", "absent", "empty", "sky/difficult"), 4.0
# Portraits without a sky are many and alike: one in this number is asked. Of pictures on their
# sides one in this number of the near ones.
PORTRAITS, TURNED = 4, 3
# Made-up skies with planes, and their size.
MADE_UP, MADE_SIZE = 400, (288, 416)

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """What the network took for sky, and whether it is.

    features: float32 (641,), means over the region, in the order of `PLACES`, then the probability
    of sky, then the whole picture's. area: part of the picture. picture: its name. group: the set
    it is from.
    """

    features: F32
    area: float
    is_sky: bool
    picture: str
    group: str

    @property
    def weight(self) -> float:
        return NEAREST if self.group.startswith(NEAR_GROUPS) else 1.0


def exposed(model: onnx.ModelProto, maps: Iterable[str]) -> Any:
    """A session of the network that gives some of its inner maps, and nothing else."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    del model.graph.output[:]
    for name in maps:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def regions_of(session: Any, sample: Sample) -> Iterable[Region]:
    """The regions of one picture whose truth is known."""
    small = shown(sample.rgb, LOOK)
    mattes, *places, whole = session.run(ASKED, {"rgb": small[None]})
    sky = mattes[0, SKY]
    size = sky.shape[::-1]
    here, known = (
        cv2.resize((sample.labels >> bit) & 1, size, interpolation=cv2.INTER_NEAREST) > 0
        for bit in (SKY, SKY + 3)
    )
    pooled = sky.reshape(sky.shape[0] // STRIDE, STRIDE, -1, STRIDE).mean(axis=(1, 3))
    maps = [*(place[0] for place in places), pooled[None]]
    count, labels = cv2.connectedComponents((sky > LIKELY).astype(np.uint8), connectivity=8)
    for number in range(1, count):
        mask = labels == number
        if mask.mean() < LEAST or known[mask].mean() < KNOWN:
            continue
        true = here[mask & known].mean()
        if FALSE < true < TRUE:
            continue
        means = [mean_over(mask, each) for each in maps]
        features = np.concatenate([*means, whole[0, :, 0, 0]]).astype(np.float32)
        picture = str(sample.item.photo)
        yield Region(features, float(mask.mean()), bool(true > 0.5), picture, sample.item.group)


def mean_over(mask: NDArray[np.bool_], maps: F32) -> F32:
    """Means float32 (C,) of maps (C, h, w) over a mask of finer size."""
    weight = cv2.resize(mask.astype(np.float32), maps.shape[:0:-1], interpolation=cv2.INTER_AREA)
    return np.asarray((maps * weight).sum(axis=(1, 2)) / weight.sum(), np.float32)


def asked(items: Iterable[Item]) -> list[Item]:
    """The pictures of which it is known where the sky is, without those held out."""
    known = [
        item
        for item in items
        if not item.held_out and (SKY in item.absent or item.masks[SKY] is not None)
    ]
    portraits = [item for item in known if item.kind == "portrait"]
    return [item for item in known if item.kind != "portrait"] + portraits[::PORTRAITS]


def turned(items: Iterable[Item], seed: int) -> Iterable[Sample]:
    """The nearest pictures on their sides or upside down: some photos come so."""
    rng = np.random.default_rng(seed)
    near = [item for item in items if item.group.startswith(NEAR_GROUPS)]
    for item in near[::TURNED]:
        upright, quarters = load(item), int(rng.integers(1, 4))
        rgb, labels = (
            np.ascontiguousarray(np.rot90(plane, quarters))
            for plane in (upright.rgb, upright.labels)
        )
        yield Sample(rgb, labels, replace(item, group=f"turned {item.group}"))


def made_up(seed: int) -> Iterable[Sample]:
    """Planes in bare skies, of which there are too few photos to learn from."""
    rng = np.random.default_rng(seed)
    rows, columns = MADE_SIZE
    for number in range(MADE_UP):
        sky = synthetic_sky(columns, rng)
        thing, cover = plane(columns, rng)
        rgb = np.where(cover[..., None] > 0, thing, sky)[:rows]
        labels = np.where(cover[:rows] > 0, 8 << SKY, (8 | 1) << SKY).astype(np.uint8)
        item = Item(Path(f"made up, {number}"), (None, None, None), (), ALOFT, "scene", 0.0)
        yield Sample(degrade(recolour(rgb, rng), rng), labels, item)


def fit(regions: list[Region], kept: float) -> tuple[F64, float]:
    """Weights float64 (641,) and bias of the log-odds, with nought where `kept` says."""
    features = np.array([region.features for region in regions])
    is_sky = np.array([region.is_sky for region in regions])
    area = np.array([region.area for region in regions])
    pictures = np.array([region.picture for region in regions])
    landscape = np.array([region.group == "accepted/sky" for region in regions])
    weight = np.array([region.weight for region in regions])
    for kind in (is_sky, ~is_sky):
        weight[kind] /= 2 * weight[kind].mean()

    def fitted(which: NDArray[np.intp]) -> Pipeline:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=TRUST, max_iter=1000))
        weights = {"logisticregression__sample_weight": weight[which]}
        return model.fit(features[which], is_sky[which], **weights)

    score = np.zeros(len(regions))
    for seen, unseen in GroupKFold(FOLDS).split(features, is_sky, pictures):
        score[unseen] = fitted(seen).decision_function(features[unseen])
    least = _least(score[is_sky & landscape], area[is_sky & landscape], kept)
    _report(score > least, is_sky, area)
    scaler, regression = fitted(np.arange(len(regions)))
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_) - least


def _least(score: F64, area: F64, kept: float) -> float:
    """The score above which this part of all the area lies."""
    order = np.argsort(-score)
    total = np.cumsum(area[order]) / area.sum()
    return float(score[order][np.searchsorted(total, kept)])


def _report(believed: NDArray[np.bool_], is_sky: NDArray[np.bool_], area: F64) -> None:
    for name, which in (("true", is_sky), ("false", ~is_sky)):
        count = np.mean(believed[which])
        part = area[which & believed].sum() / area[which].sum()
        print(f"{name}: {which.sum()} regions, {count:.1%} believed, {part:.1%} of their area")


def with_evidence(model: onnx.ModelProto, weights: F64, bias: float) -> onnx.ModelProto:
    """The network with the output "evidence", float32 (1, 1, H / 8, W / 8)."""
    model = without_evidence(model)
    graph = model.graph
    ends = [len(weights) - DEEP - 1, len(weights) - DEEP]
    around, likely, whole = np.split(weights, ends)
    parts = np.split(around, np.cumsum([channels for _, _, channels in PLACES])[:-1])

    def constant(name: str, values: Any) -> str:
        graph.initializer.append(numpy_helper.from_array(values, f"{EVIDENCE}/{name}"))
        return f"{EVIDENCE}/{name}"

    def node(kind: str, inputs: list[str], name: str, **how: Any) -> str:
        output = f"{EVIDENCE}/{name}"
        graph.node.append(helper.make_node(kind, inputs, [output], output, **how))
        return output

    def weighed(name: str, maps: str, values: F64) -> str:
        kernel = constant(f"{name}/weights", values.astype(np.float32).reshape(1, -1, 1, 1))
        return node("Conv", [maps, kernel], name)

    cut = [constant(name, np.array([at])) for name, at in (("start", SKY), ("end", SKY + 1))]
    sky = node("Slice", [MATTES, *cut, constant("axis", np.array([1]))], "sky")
    window = {"kernel_shape": [STRIDE, STRIDE], "strides": [STRIDE, STRIDE]}
    terms = [
        constant("bias", np.array([bias], np.float32)),
        weighed("whole", WHOLE, whole),
        weighed("likely", node("AveragePool", [sky], "pooled", **window), likely),
    ]
    for (maps, stride, _), part in zip(PLACES, parts, strict=True):
        term = weighed(f"places{stride}", maps, part)
        if stride > STRIDE:
            times = np.array([1, 1, stride // STRIDE, stride // STRIDE], np.float32)
            scales = constant(f"times{stride}", times)
            term = node("Resize", [term, "", scales], f"fine{stride}", mode="linear")
        terms.append(term)
    graph.node.append(helper.make_node("Sum", terms, [EVIDENCE], f"{EVIDENCE}/sum"))
    shape = [1, 1, "rows", "columns"]
    graph.output.append(helper.make_tensor_value_info(EVIDENCE, TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    return model


def without_evidence(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network as it was before the output was added, if it was."""
    graph = model.graph
    for kept in (graph.node, graph.initializer, graph.output):
        for thing in [t for t in kept if t.name.startswith(EVIDENCE)]:
            kept.remove(thing)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path, help="the file that ships; changed in place")
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--pseudo", type=Path, help="folder of masks made by training.pseudo")
    parser.add_argument("--kept", type=float, default=0.99, help="part of landscapes' sky area")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    model = without_evidence(onnx.load(str(args.network)))
    items = [*labelled(args.data), *without(args.data), *empty(args.data)]
    if args.pseudo:
        items += accepted(args.data, args.pseudo)
    items = asked(items)
    session = exposed(model, ASKED)
    samples = chain(map(load, items), turned(items, args.seed), made_up(args.seed))
    regions = [region for sample in samples for region in regions_of(session, sample)]
    onnx.save(with_evidence(model, *fit(regions, args.kept)), str(args.network))


if __name__ == "__main__":
    main()
