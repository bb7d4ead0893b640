"""Hair as an element: found, taken off the scene, and made to sway."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Lifted, Movement, Notice, Scene
from windstill.elements.hair.allowance import doubt_about
from windstill.elements.hair.clusters import clusters
from windstill.elements.hair.coverage import SAMPLING_REACH, STILL
from windstill.elements.hair.fringe import without_doubt
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.heads_of_hair import heads_of_hair_in
from windstill.elements.hair.layer import HairLayer, Patch
from windstill.elements.hair.plate import completed_sky, plate_behind
from windstill.elements.hair.poses import farthest
from windstill.elements.hair.scalp import Head, find_heads
from windstill.elements.hair.tones import supported, tones_of
from windstill.elements.hair.value_range import value_range_of
from windstill.imaging.planes import Planes, Region

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEAST_SHARE = 0.002
"""Of the picture; less hair is not worth moving."""
_MARGIN = 0.35
"""In head sizes: hair is painted so far beside its matte, and travels less."""


class Hair:
    """Hair, swaying in the breeze."""

    name = "hair"

    def lift(self, scene: Scene, breeze: Breeze) -> Lifted:
        """Takes the hair off `scene` and prepares its sway."""
        share = float(scene.mattes.hair.mean())
        if share < _LEAST_SHARE:
            return _still(scene, share, Notice("no_hair", "There is no hair in the photo."))
        heads = find_heads(scene.mattes.hair, scene.mattes.face, scene.mattes.turns)
        if not heads:
            return _still(scene, share, Notice("no_hair", "No head of hair was found."))
        behind, rng = scene, breeze.rng(self.name)
        patches: list[Patch] = []
        travels: list[float] = []
        for own, matte in clusters(scene.mattes.hair, heads):
            patch = _lift_cluster(behind, own, matte, breeze, rng, len(heads))
            if patch is not None:
                behind = patch.behind
                patches.insert(0, patch.patch)
                travels.append(patch.travel)
        if not patches:
            notice = Notice("hair_too_short", "The hair is too short to move in a breeze.")
            return _still(scene, share, notice)
        region, travel = _union([patch.region for patch in patches]), max(travels)
        layer = HairLayer(tuple(patches), region, travel + SAMPLING_REACH)
        movement = Movement(self.name, share, "sway", travel)
        return Lifted(layer, behind, movement, _skipped(scene.mattes.skipped_heads))


def _skipped(heads: int) -> tuple[Notice, ...]:
    """A notice about heads of a crowd that have no matte."""
    if not heads:
        return ()
    return (Notice("heads_skipped", f"The {heads} smallest heads of the crowd stand still."),)


def _still(scene: Scene, share: float, notice: Notice) -> Lifted:
    return Lifted(None, scene, Movement("hair", share, "none"), (notice,))


@dataclass(frozen=True)
class _LiftedPatch:
    patch: Patch
    behind: Scene
    travel: float


def _lift_cluster(
    scene: Scene,
    heads: list[Head],
    hair: F32,
    breeze: Breeze,
    rng: np.random.Generator,
    all_heads: int,
) -> _LiftedPatch | None:
    """The hair of touching heads, of `all_heads` in the picture; None if it is too short."""
    size = float(np.median([head.size for head in heads]))
    found, all_of_it = hair, Region.around(hair > 0)
    if all_of_it is None:
        return None
    hair = np.zeros_like(found)
    hair[all_of_it.luma] = without_doubt(found[all_of_it.luma], size)
    around = Region.around(hair > 0, margin=int(_MARGIN * size) + 8)
    if around is None:
        return None
    region = _clipped(around, scene.planes.shape)
    grid = Grid.over(region, size, all_heads)
    matte = np.ascontiguousarray(hair[region.luma])
    here = [head.moved(1, region.left, region.top) for head in heads]
    still = scene.planes.crop(region)
    doubt = doubt_about(still, matte, size)
    heads_of_hair = heads_of_hair_in(scene, grid, here, matte, doubt, breeze, rng)
    if heads_of_hair is None:
        return None
    sway = heads_of_hair.sway_in(breeze.options.strength)
    travel = grid.enlarge(farthest(sway.basis, sway.weights(sway.moments)))
    left = scene.mattes.hair - found
    moving = left[region.luma] > 0
    if breeze.options.wants("sky"):
        moving |= scene.mattes.sky[region.luma] > 0
    if moving.any():
        # Hair that stands still has to be painted, too, over what moves behind it.
        travel = np.maximum(travel, np.float32(2 * STILL))
    seen = matte
    plate = plate_behind(still, matte, travel, size)
    # The plate itself is not held to what the photo can be made of: it would show the outline of
    # the hair, which stands still while the hair moves.
    matte = supported(matte, still.y, plate.y, tones_of(still.y, matte, size))
    behind = _behind(scene, region, plate, matte, travel, left)
    if breeze.options.wants("sky"):
        moving |= behind.mattes.sky[region.luma] > 0
    limits = value_range_of(still, seen, matte, travel, moving)
    patch = Patch(grid, still, plate, matte, heads_of_hair, sway, travel, limits, breeze.frames)
    return _LiftedPatch(patch, behind, float(travel.max()))


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
