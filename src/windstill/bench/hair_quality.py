"""How hair moves, and what it leaves behind: figures that need no frames."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.layer import HairLayer, Patch
from windstill.elements.hair.plate import plate_behind, revealed
from windstill.elements.hair.poses import farthest
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map
from windstill.options import Strength
from windstill.render import Stage

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

TIMES = 96
"""Poses of a loop that are looked at."""
_LIVELY = 0.4
"""Of the liveliest hair's way: hair that moves less has no direction worth measuring."""
_NEAR, _FAR = 0.25, 0.5
"""In head sizes, how far apart the places are whose motions are compared."""
_PAIRS = 6000
_LEAST_TRAVEL = 3.0
"""Pixels that hair has to travel for its rest outline to be seen."""
_BAR = 40.0
"""Pixels from bar to bar of the made-up background."""
_BESIDE_EDGE = 4
"""Pixels around a bar's edge that are compared."""


def figures(stage: Stage, still: Planes, hair: F32) -> dict[str, float | None]:
    """Figures of the largest head of hair; None where there is nothing to measure.

    ghost: how much more the plate bends across the outline of the hair at rest than farther out.
    correlation: of the motions of places a quarter to half a head apart. vertical: of the narrower
    to the wider side of the box that a place moves in. windy, calm: travel in such a wind, as a
    share of that in a normal one. broken: how far the plate is from the truth at the edges of bars
    behind the hair, as a share of their contrast. hair: matte, float32 (H, W).
    """
    layer = next((layer for layer in stage.layers if isinstance(layer, HairLayer)), None)
    if layer is None:
        return dict.fromkeys(("ghost", "correlation", "vertical", "windy", "calm", "broken"))
    patch = max(layer.patches, key=lambda patch: float(patch.hair.sum()))
    poses = _poses(patch)
    lively = _lively(patch, poses)
    normal = _travel(patch, "normal")
    return {
        "ghost": ghost(stage.backdrop.y, hair, _travel_map(layer, still.y.shape)),
        "correlation": _correlation(patch, poses, lively),
        "vertical": _narrowness(poses, lively),
        "windy": _travel(patch, "windy") / normal,
        "calm": _travel(patch, "calm") / normal,
        "broken": broken_edges(still.crop(patch.region), patch.hair, _head_size(patch)),
    }


def ghost(plate: U8, hair: F32, travel: F32) -> float | None:
    """The plate's second derivative across the outline, averaged along it, within 8 pixels outside
    and 4 inside, as a share of that 12 to 22 pixels outside; 1 shows nothing. None if hair hardly
    moves. plate: luma, uint8 (H, W); hair: matte; travel: pixels, both float32 (H, W)."""
    covered = (hair > 0.02).astype(np.uint8)
    outside = cv2.distanceTransform(1 - covered, cv2.DIST_L2, 5)
    away = outside - cv2.distanceTransform(covered, cv2.DIST_L2, 5)
    smooth = cv2.GaussianBlur(away, (0, 0), 2)
    nx, ny = (cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    length = np.hypot(nx, ny) + np.float32(1e-4)
    nx, ny = nx / length, ny / length
    luma = cv2.GaussianBlur(plate.astype(np.float32), (0, 0), 1)
    xx, yy, xy = (cv2.Sobel(luma, cv2.CV_32F, *d) for d in ((2, 0), (0, 2), (1, 1)))
    bend = nx * nx * xx + ny * ny * yy + 2 * nx * ny * xy
    here, along = identity_map(*plate.shape), np.dstack([-ny, nx])
    line = np.mean(
        [cv2.remap(bend, here + d * along, None, cv2.INTER_LINEAR) for d in range(-9, 10, 3)], 0
    )
    near = (away >= -4) & (away <= 8) & (_widened(travel, 7) > _LEAST_TRAVEL)
    far = (away > 12) & (away <= 22) & (_widened(travel, 25) > _LEAST_TRAVEL)
    if not near.any() or not far.any():
        return None
    return float(np.abs(line[near]).mean() / max(float(np.abs(line[far]).mean()), 1e-3))


def broken_edges(still: Planes, hair: F32, head_size: float) -> float | None:
    """How far a plate is from the truth where bars run behind the hair, as a share of their
    contrast: 1 is as bad as bars that end. Within a twentieth of a head of the outline.

    still: the photo; hair: matte, float32 (H, W) of its size. The hair is laid over slanting bars,
    so the truth is known.
    """
    height, width = hair.shape
    place = identity_map(height, width)
    wave = np.sin((0.8 * place[..., 0] + 0.6 * place[..., 1]) * np.float32(2 * np.pi / _BAR))
    bars = np.where(wave > 0, np.float32(170), np.float32(90))
    truth = cv2.GaussianBlur(bars, (0, 0), 0.8)
    grey = np.full(still.u.shape, 128, np.uint8)
    luma = np.rint(truth + hair * (still.y - truth)).clip(0, 255).astype(np.uint8)
    travel = np.full(hair.shape, 0.05 * head_size, np.float32)
    plate = plate_behind(Planes(luma, grey, grey), hair, travel, head_size)
    edge = cv2.Laplacian((wave > 0).astype(np.uint8), cv2.CV_8U) > 0
    beside = cv2.dilate(edge.astype(np.uint8), np.ones((2 * _BESIDE_EDGE + 1,) * 2, np.uint8)) > 0
    seen = revealed(hair, travel) & beside
    if not seen.any():
        return None
    return float(np.abs(plate.y[seen] - truth[seen]).mean() / 80)


def _head_size(patch: Patch) -> float:
    return float(np.median([tress.growth.head.size for tress in patch.heads_of_hair.tresses]))


def _poses(patch: Patch) -> F32:
    weights = patch.sway.weights(np.arange(TIMES) / TIMES)
    poses: F32 = np.einsum("pt,thwc->phwc", weights, patch.sway.basis)
    return poses


def _lively(patch: Patch, poses: F32) -> Mask:
    """Cells of hair that moves."""
    way = np.hypot(*np.moveaxis(np.ptp(poses, axis=0), 2, 0))
    hair = patch.grid.shrink(patch.hair) > 0.5
    return np.asarray(hair & (way > _LIVELY * np.percentile(way[hair], 95)))


def _travel(patch: Patch, strength: Strength) -> float:
    """90th percentile over the hair of how far it goes in such a wind, pixels."""
    sway = patch.heads_of_hair.sway_in(strength)
    hair = patch.grid.shrink(patch.hair) > 0.5
    return float(np.percentile(farthest(sway.basis, sway.weights(sway.moments))[hair], 90))


def _travel_map(layer: HairLayer, shape: tuple[int, ...]) -> F32:
    travel = np.zeros(shape, np.float32)
    for patch in layer.patches:
        sway = patch.sway
        far = patch.grid.enlarge(farthest(sway.basis, sway.weights(sway.moments)))
        np.maximum(travel[patch.region.luma], far, out=travel[patch.region.luma])
    return travel


def _correlation(patch: Patch, poses: F32, lively: Mask) -> float | None:
    places = np.argwhere(lively)
    if len(places) < 2:
        return None
    one, two = np.random.default_rng(0).integers(0, len(places), (2, _PAIRS))
    apart = np.hypot(*(places[one] - places[two]).T) * patch.grid.cell / _head_size(patch)
    fit = (apart > _NEAR) & (apart < _FAR)
    if not fit.any():
        return None
    paths = poses[:, lively] - poses[:, lively].mean(axis=0)
    a, b = paths[:, one[fit]], paths[:, two[fit]]
    power = np.sqrt(np.square(a).sum((0, 2)) * np.square(b).sum((0, 2)))
    return float(((a * b).sum((0, 2)) / np.maximum(power, 1e-9)).mean())


def _narrowness(poses: F32, lively: Mask) -> float | None:
    if not lively.any():
        return None
    box = np.ptp(poses[:, lively], axis=0)
    return float(np.median(box.min(axis=1) / np.maximum(box.max(axis=1), 1e-6)))


def _widened(plane: F32, radius: int) -> F32:
    found: F32 = cv2.dilate(plane, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    return found
