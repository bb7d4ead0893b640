"""How soft edges come out, against exact coverage: `python -m training.soft_edges --data DIR`.

No label set knows the coverage of a twig or a strand. So the scenes are made: branches, wires and
roofs drawn over photographed skies, and strands of hair drawn around photographed heads, with
their coverage known by construction. Compared are the network's enlarged probability and the
final matte, by the sum of absolute differences (in thousands of pixels) and the gradient error of
Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting" (2009), where
something soft was drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, read_mask, read_rgb
from training.compose import blend
from training.evaluate import refined, unrefined
from training.metrics import reach
from training.sources import HAIR, SKY

F32 = NDArray[np.float32]

SIZE = 1024
# Strokes are drawn this much larger and averaged down: their edges become true coverage.
OVERSAMPLING = 4
# What counts: this near to something soft, as a part of the diagonal.
NEAR = 0.02
GRADIENT_SIGMA = 1.4
STRANDS = 250
# An element that is not found at all says nothing about edges; such scenes are counted apart.
FOUND = 0.5


@dataclass(frozen=True)
class Scene:
    """rgb: uint8 (S, S, 3). alpha: the element's exact coverage, float32 (S, S). counted: bool,
    where the coverage is known exactly and something soft is near.
    """

    rgb: U8
    alpha: F32
    counted: NDArray[np.bool_]
    element: int


def _branch(
    canvas: U8, start: NDArray[np.float64], angle: float, length: float, rng: np.random.Generator
) -> None:
    """A limb that bends, tapers and forks until its twigs are thinner than a pixel."""
    thickness = length / 16
    at = start
    for _ in range(6):
        angle += rng.normal(0, 0.12)
        to = at + length / 6 * np.array([np.cos(angle), -np.sin(angle)])
        _stroke(canvas, at, to, thickness)
        at, thickness = to, thickness * 0.88
        if length > 24 and rng.random() < 0.6:
            side = rng.choice([-1, 1]) * rng.uniform(0.3, 0.9)
            _branch(canvas, at, angle + side, length * rng.uniform(0.4, 0.65), rng)
    if length > 24:
        _branch(canvas, at, angle + rng.normal(0, 0.25), length * 0.6, rng)


def _stroke(
    canvas: U8, start: NDArray[np.float64], end: NDArray[np.float64], thickness: float
) -> None:
    a, b = ((point * OVERSAMPLING).astype(int).tolist() for point in (start, end))
    cv2.line(canvas, a, b, 255, max(1, round(thickness * OVERSAMPLING)), cv2.LINE_AA)


def _wire(canvas: U8, rng: np.random.Generator) -> None:
    """A hanging cable across the picture."""
    x = np.linspace(0, SIZE, 60)
    heights = rng.uniform(0.1, 0.5, 2) * SIZE
    sag = rng.uniform(0.01, 0.08) * SIZE * (1 - (2 * x / SIZE - 1) ** 2)
    y = np.interp(x, [0, SIZE], heights) + sag
    points = (np.stack([x, y], axis=1) * OVERSAMPLING).astype(np.int32)
    thickness = round(rng.uniform(0.8, 3) * OVERSAMPLING)
    cv2.polylines(canvas, [points], False, 255, thickness, cv2.LINE_AA)


def _roofs(canvas: U8, rng: np.random.Generator) -> None:
    """A skyline from edge to edge."""
    x, outline = 0.0, []
    while x < SIZE:
        top = rng.uniform(0.62, 0.85) * SIZE
        width = rng.uniform(0.08, 0.25) * SIZE
        middle = [(x + width / 2, top - rng.uniform(0, 0.08) * SIZE)] if rng.random() < 0.6 else []
        outline += [(x, top), *middle, (x + width, top)]
        x += width
    points = np.array([(0, SIZE), *outline, (x, SIZE)]) * OVERSAMPLING
    cv2.fillPoly(canvas, [points.astype(np.int32)], 255, cv2.LINE_AA)


def _averaged(canvas: U8) -> F32:
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _soft(coverage: F32) -> NDArray[np.bool_]:
    edge = ((coverage > 0.02) & (coverage < 0.98)).astype(np.uint8)
    side = 2 * reach(coverage.shape, NEAR) + 1
    return np.asarray(cv2.dilate(edge, np.ones((side, side), np.uint8)) > 0)


def _grain(rgb: U8, rng: np.random.Generator) -> U8:
    noisy = rgb + rng.normal(0, rng.uniform(0.5, 3), rgb.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def under_sky(sky: U8, ground: U8, rng: np.random.Generator) -> Scene:
    """Roofs, a tree and wires, textured with `ground`, in front of `sky`; both uint8 RGB."""
    canvas: U8 = np.zeros((SIZE * OVERSAMPLING,) * 2, np.uint8)
    _roofs(canvas, rng)
    for _ in range(int(rng.integers(1, 3))):
        foot = np.array([rng.uniform(0.15, 0.85) * SIZE, 0.8 * SIZE])
        _branch(canvas, foot, np.pi / 2 + rng.normal(0, 0.15), rng.uniform(0.25, 0.4) * SIZE, rng)
    for _ in range(int(rng.integers(0, 4))):
        _wire(canvas, rng)
    coverage = _averaged(canvas)
    texture = cv2.resize(ground, (SIZE, SIZE))
    texture = cv2.convertScaleAbs(texture, alpha=float(rng.uniform(0.25, 0.7)))
    behind = cv2.resize(sky, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    shade = np.asarray(np.rint(coverage * 255), np.uint8)
    rgb = _grain(blend(np.asarray(texture, np.uint8), np.asarray(behind, np.uint8), shade), rng)
    return Scene(rgb, 1 - coverage, _soft(coverage), SKY)


def with_strands(photo: U8, label: U8, rng: np.random.Generator) -> Scene:
    """Loose strands in the hair's own colours, drawn outward from a labelled head."""
    rgb = np.asarray(cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC), np.uint8)
    hair = cv2.resize(label, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST) > 191
    solid = cv2.erode(hair.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    field = cv2.GaussianBlur(hair.astype(np.float32), (0, 0), 12)
    down, across = np.gradient(field)
    ys, xs = np.nonzero(solid & (field < 0.75) & (field > 0.45))
    middle = np.array([np.mean(np.nonzero(hair)[axis]) for axis in (1, 0)])
    colours = rgb[solid]
    strands: U8 = np.zeros((SIZE * OVERSAMPLING,) * 2, np.uint8)
    for index in rng.integers(0, max(1, len(xs)), STRANDS if len(xs) else 0):
        y, x = int(ys[index]), int(xs[index])
        outward = np.array([-across[y, x], -down[y, x]])
        # Strands on the face's side of the hair would be drawn over the face.
        if outward @ (np.array([x, y]) - middle) > 0:
            angle = np.arctan2(-outward[1], outward[0]) + rng.normal(0, 0.6)
            _strand(strands, np.array([x, y], float), angle, rng)
    coverage = _averaged(strands)
    tint = np.asarray(np.median(colours, axis=0) if len(colours) else (60, 40, 30), np.uint8)
    shade = np.asarray(np.rint(coverage * 255), np.uint8)
    rgb = blend(np.broadcast_to(tint, rgb.shape).astype(np.uint8), rgb, shade)
    alpha = np.maximum(coverage, hair.astype(np.float32))
    # The label's own border is no exact coverage: only what lies well outside it counts.
    beyond = cv2.dilate(hair.astype(np.uint8), np.ones((25, 25), np.uint8)) == 0
    return Scene(_grain(rgb, rng), alpha, _soft(coverage) & beyond, HAIR)


def _strand(canvas: U8, start: NDArray[np.float64], angle: float, rng: np.random.Generator) -> None:
    bend, at = rng.normal(0, 0.1), start
    thickness = rng.uniform(0.7, 3)
    for _ in range(int(rng.integers(5, 12))):
        to = at + 7 * np.array([np.cos(angle), -np.sin(angle)])
        _stroke(canvas, at, to, thickness)
        at, angle, thickness = to, angle + bend, thickness * 0.95


def scenes(data: Path, count: int, seed: int) -> Iterator[Scene]:
    """Half skies, half heads, of evaluation pictures."""
    rng = np.random.default_rng(seed)
    skies = list(_bare_skies(data))
    grounds = sorted((data / "unlabelled" / "urban_sun").glob("*.webp"))
    for _ in range(count // 2):
        sky = skies[int(rng.integers(len(skies)))]
        yield under_sky(sky, read_rgb(grounds[int(rng.integers(len(grounds)))]), rng)
    heads = sorted((data / "eval/hair/celeb1k").glob("*.webp"))
    for index in rng.permutation(len(heads))[: count // 2]:
        head = heads[int(index)]
        yield with_strands(read_rgb(head), read_mask(head.with_suffix(".png")), rng)


def _bare_skies(data: Path) -> Iterator[U8]:
    """The upper parts of evaluation pictures that are nothing but sky."""
    for folder in ("ade", "dpst"):
        for photo in sorted((data / "eval/sky" / folder).glob("*.webp")):
            rows = (read_mask(photo.with_suffix(".png")) > 191).mean(axis=1) > 0.995
            height = len(rows) if rows.all() else int(np.argmin(rows))
            if height > 0.3 * len(rows):
                yield read_rgb(photo)[: height - height // 12]


def _gradient(alpha: F32) -> tuple[F32, F32]:
    smooth = cv2.GaussianBlur(alpha, (0, 0), GRADIENT_SIGMA)
    along = (
        np.asarray(cv2.Scharr(smooth, cv2.CV_32F, *d), np.float32) / 32 for d in ((1, 0), (0, 1))
    )
    x, y = along
    return x, y


def errors(matte: F32, scene: Scene) -> tuple[float, float]:
    """(SAD, gradient error), each in thousands, over the counted pixels."""
    apart = np.abs(matte - scene.alpha)[scene.counted].sum()
    slopes = zip(_gradient(matte), _gradient(scene.alpha), strict=True)
    change = sum(np.square(a - b) for a, b in slopes)
    return float(apart) / 1000, float(np.asarray(change)[scene.counted].sum()) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows: dict[int, list[tuple[float, ...]]] = {SKY: [], HAIR: []}
    missed = {SKY: 0, HAIR: 0}
    for scene in scenes(args.data, args.count, args.seed):
        matte = refined(scene.rgb, scene.element)
        if matte[scene.alpha > 0.99].mean() < FOUND:
            missed[scene.element] += 1
            continue
        raw = errors(unrefined(scene.rgb, scene.element), scene)
        rows[scene.element].append((*raw, *errors(matte, scene)))
    print("| element | scenes | not found | SAD before | after | gradient before | after |")
    print("|---|---|---|---|---|---|---|")
    for element, name in ((SKY, "sky"), (HAIR, "hair")):
        sad, gradient, sad_final, gradient_final = np.mean(rows[element], axis=0)
        print(
            f"| {name} | {len(rows[element])} | {missed[element]} | {sad:.2f} | {sad_final:.2f} "
            f"| {gradient:.3f} | {gradient_final:.3f} |"
        )


if __name__ == "__main__":
    main()
