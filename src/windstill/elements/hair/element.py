"""Hair as an element: found, taken off the scene, and made to sway."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Lifted, Movement, Notice, Scene
from windstill.elements.hair.coverage import SAMPLING_REACH
from windstill.elements.hair.fringe import without_doubt
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.growth import fullness, grow, outer
from windstill.elements.hair.gusts import gusts, natural_frequency
from windstill.elements.hair.layer import HairLayer, Patch
from windstill.elements.hair.limits import limits_of
from windstill.elements.hair.plate import completed_sky, plate_behind
from windstill.elements.hair.poses import farthest
from windstill.elements.hair.scalp import Head, find_heads
from windstill.elements.hair.strength import TOO_SHORT, HeadsOfHair, Tress, hanging, tremble
from windstill.elements.hair.sway import Strands, sway_of
from windstill.elements.hair.tones import supported, tones_of
from windstill.imaging.orientation import gradient_products, orientation
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEAST_SHARE = 0.002
"""Of the picture; less hair is not worth moving."""
_FACE_MARGIN = 0.16
_EDGE_MARGIN = 0.05
"""In head sizes: within these of the face, and of the picture's edge, hair moves less."""


_BESIDE = 0.75
"""Hair that comes within this many head sizes of a head's centre is that head's."""


class Hair:
    """Hair, swaying in the breeze."""

    name = "hair"

    def lift(self, scene: Scene, breeze: Breeze) -> Lifted:
        """Takes the hair off `scene` and prepares its sway."""
        share = float(scene.mattes.hair.mean())
        if share < _LEAST_SHARE:
            return _still(scene, share, Notice("no_hair", "There is no hair in the photo."))
        heads = find_heads(scene.mattes.hair, scene.mattes.face)
        if not heads:
            return _still(scene, share, Notice("no_hair", "No head of hair was found."))
        behind, rng = scene, breeze.rng(self.name)
        patches: list[Patch] = []
        travels: list[float] = []
        for own, matte in _clusters(scene.mattes.hair, heads):
            patch = _lift_cluster(behind, own, matte, breeze, rng)
            if patch is not None:
                behind = patch.behind
                patches.insert(0, patch.patch)
                travels.append(patch.travel)
        if not patches:
            notice = Notice("hair_too_short", "The hair is too short to move in a breeze.")
            return _still(scene, share, notice)
        region, travel = _union([patch.region for patch in patches]), max(travels)
        layer = HairLayer(tuple(patches), region, travel + SAMPLING_REACH)
        return Lifted(layer, behind, Movement(self.name, share, "sway", travel))


def _still(scene: Scene, share: float, notice: Notice) -> Lifted:
    return Lifted(None, scene, Movement("hair", share, "none"), (notice,))


def _clusters(hair: F32, heads: list[Head]) -> list[tuple[list[Head], F32]]:
    """Heads whose hair may touch, each group with the matte of its own hair."""
    scale = 256 / max(hair.shape)
    thumb = cv2.resize(hair, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) > 0.02
    radius = max(2, round(0.08 * scale * float(np.median([head.size for head in heads]))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    count, labels = cv2.connectedComponents(cv2.dilate(thumb.astype(np.uint8), kernel))
    groups: dict[int, list[Head]] = {}
    for head in heads:
        groups.setdefault(_label_at(labels, head, scale), []).append(head)
    groups.pop(0, None)
    # Where a face or the picture's edge parts the hair of one head, both parts are that head's.
    owner = {label: label for label in groups}
    for label in range(1, count):
        nearest = _nearest(labels == label, groups, scale)
        if label not in groups and nearest is not None:
            owner[label] = nearest
    found = []
    for label, own in groups.items():
        members = [part for part, head in owner.items() if head == label]
        mask = cv2.resize(
            np.isin(labels, members).astype(np.uint8),
            hair.shape[::-1],
            interpolation=cv2.INTER_NEAREST,
        )
        found.append((own, hair * mask if count > 2 else hair))
    return found


def _nearest(part: Mask, groups: dict[int, list[Head]], scale: float) -> int | None:
    """The group with the head that a headless part of hair lies beside; None if there is none."""
    rows, columns = np.nonzero(part)
    best, least = None, _BESIDE
    for label, heads in groups.items():
        for head in (head.moved(scale) for head in heads):
            away = float(np.hypot(columns - head.x, rows - head.y).min()) / head.size
            if away < least:
                best, least = label, away
    return best


def _label_at(labels: NDArray[np.int32], head: Head, scale: float) -> int:
    """The group whose pixels cover most of a head's scalp."""
    rows, columns = labels.shape
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    on_scalp = head.moved(scale).covers(np.stack([x, y], axis=2))
    votes = np.bincount(labels[on_scalp & (labels > 0)].ravel(), minlength=1)
    return int(votes.argmax()) if votes.any() else 0


@dataclass(frozen=True)
class _LiftedPatch:
    patch: Patch
    behind: Scene
    travel: float


def _lift_cluster(
    scene: Scene, heads: list[Head], hair: F32, breeze: Breeze, rng: np.random.Generator
) -> _LiftedPatch | None:
    size = float(np.median([head.size for head in heads]))
    found, all_of_it = hair, Region.around(hair > 0)
    if all_of_it is None:
        return None
    hair = np.zeros_like(found)
    hair[all_of_it.luma] = without_doubt(found[all_of_it.luma], size)
    around = Region.around(hair > 0, margin=int(0.1 * size) + 8)
    if around is None:
        return None
    region = _clipped(around, scene.planes.shape)
    grid = Grid.over(region, size)
    matte = np.ascontiguousarray(hair[region.luma])
    here = [head.moved(1, region.left, region.top) for head in heads]
    heads_of_hair = _heads_of_hair(scene, grid, here, matte, breeze, rng)
    if heads_of_hair is None:
        return None
    sway = heads_of_hair.sway_in(breeze.options.strength)
    travel = grid.enlarge(farthest(sway.basis, sway.weights(sway.moments)))
    still = scene.planes.crop(region)
    plate = plate_behind(still, matte, travel, size)
    seen = matte
    # The plate itself is not held to what the photo can be made of: it would show the outline of
    # the hair, which stands still while the hair moves.
    matte = supported(matte, still.y, plate.y, tones_of(still.y, matte, size))
    left = scene.mattes.hair - found
    behind = _behind(scene, region, plate, matte, travel, left)
    moving = left[region.luma] > 0
    if breeze.options.wants("sky"):
        moving |= behind.mattes.sky[region.luma] > 0
    limits = limits_of(still.y, seen, matte, travel, moving)
    patch = Patch(grid, still, plate, matte, heads_of_hair, sway, travel, limits, breeze.frames)
    return _LiftedPatch(patch, behind, float(travel.max()))


def _heads_of_hair(
    scene: Scene,
    grid: Grid,
    heads: list[Head],
    matte: F32,
    breeze: Breeze,
    rng: np.random.Generator,
) -> HeadsOfHair | None:
    """The hair of some heads, in pixels of the grid's region; None if too short."""
    strands, face = _strands(scene, grid, heads, matte)
    coherence = strands.orientation.coherence
    grown = [
        growth
        for growth in grow(heads, strands.centres, strands.hair, face, coherence, grid.cell)
        if growth.relative_length >= TOO_SHORT
    ]
    if not grown:
        return None
    wind = (1.0 if np.cos(np.radians(breeze.degrees)) >= 0 else -1.0), 0.0
    longest = max(growth.relative_length for growth in grown)
    blowing = gusts(breeze.options.seconds, natural_frequency(longest), rng)
    tresses = []
    for growth in grown:
        own = sway_of(growth, strands, wind, blowing, rng)
        share = tremble(growth.relative_length)
        if share > 0:
            around = outer(growth, strands.centres, strands.hair, face, grid.cell)
            full = fullness(strands.hair, growth.head.size, grid.cell)[..., None]
            loose = hanging(growth.relative_length)
            own *= np.float32(loose) + np.float32(1 - loose) * full
            own += np.float32(share) * full * sway_of(around, strands, wind, blowing, rng)
        free = growth.own & (strands.hair > 0.5) & (growth.distance > 0.5 * growth.length)
        tresses.append(Tress(own, growth, free))
    diagonal = float(np.hypot(*scene.planes.shape))
    return HeadsOfHair(tuple(tresses), blowing, grid.cell, diagonal)


def _strands(scene: Scene, grid: Grid, heads: list[Head], matte: F32) -> tuple[Strands, F32]:
    """The hair on the grid, and the matte of its faces."""
    centres = grid.centres()
    face = grid.shrink(scene.mattes.face[grid.region.luma])
    face *= np.logical_or.reduce([head.near(centres) for head in heads])
    inside = np.clip(4 * matte - 3, 0, 1)
    products = grid.shrink(gradient_products(scene.planes.y[grid.region.luma], inside))
    freedom = _freedom(scene, grid, face, heads[0].size)
    hair = grid.shrink(matte)
    return Strands(hair, freedom, orientation(products, 1.6), centres, grid.cell), face


def _freedom(scene: Scene, grid: Grid, face: F32, size: float) -> F32:
    """How freely each cell may move along x and y: not into the face, nor across the edge."""
    solid = (face > 0.3).astype(np.uint8)
    away = np.full(grid.shape, np.float32(1))
    if solid.any():
        distance = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5) * grid.cell
        away = _smooth_step(distance / np.float32(_FACE_MARGIN * size))
    height, width = scene.planes.shape
    x = grid.centres()[..., 0] + grid.region.left
    y = grid.centres()[..., 1] + grid.region.top
    margin = np.float32(_EDGE_MARGIN * size + grid.cell)
    along_x = _smooth_step(np.minimum(x, np.float32(width - 1) - x) / margin)
    along_y = _smooth_step(np.minimum(y, np.float32(height - 1) - y) / margin)
    return np.stack([away * along_x, away * along_y], axis=2).astype(np.float32)


def _smooth_step(value: F32) -> F32:
    t = np.clip(value, 0, 1)
    return t * t * (3 - 2 * t)


def _behind(
    scene: Scene, region: Region, plate: Planes, matte: F32, travel: F32, left: F32
) -> Scene:
    """The scene without the hair of `matte`; left: the matte of all other hair."""
    planes = scene.planes.copy()
    planes.crop(region).copy_from(plate)
    sky = scene.mattes.sky
    if (sky[region.luma] > 0).any():
        sky = sky.copy()
        sky[region.luma] = completed_sky(sky[region.luma], matte, travel)
    return Scene(planes, replace(scene.mattes, sky=sky, hair=left))


def _clipped(region: Region, shape: tuple[int, int]) -> Region:
    return Region(
        region.top, region.left, min(region.bottom, shape[0]), min(region.right, shape[1])
    )


def _union(regions: list[Region]) -> Region:
    return Region(
        min(r.top for r in regions),
        min(r.left for r in regions),
        max(r.bottom for r in regions),
        max(r.right for r in regions),
    )
