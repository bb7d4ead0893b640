"""The hair's part of a motion package.

    patches     back to front, each {region, cell, cycles, starts}: region as top, left, bottom,
                right; pixels of a cell of `windstill.elements.hair.grid`; whole cycles per loop
                of the K tones; starts [moment at which the hair lies as in the photo, the same in
                wind to the other side], loops
    side        1 if the wind asked for blows to the right, -1 if to the left
    region      of all patches together

Arrays of patch i on its grid: `hair-i-waves` (4K, ...): how far, in pixels, each tone's cosine and
then each one's sine moves hair along x in the wind asked for, and then along y; each times its
weight of `sway.Sway.weights`. `hair-i-reach` (strengths, ...): how much farther in wind of each
strength of the header. `hair-i-lag`: seconds by which a gust to
the right reaches a cell later than the left edge; wind to the other side turns every tone by twice
this, and moves hair the other way.

Images: `hair-plate`, what is behind the hair, in `region`; `hair-replaced`, where that is shown for
the photo: under the hair, and beside it where hair can still be seen; `hair-sky`, how much of the
plate is sky, at half size; `hair-i-own`, by how much to multiply the matte within patch i.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Scene
from windstill.elements.hair.layer import HairLayer, Patch
from windstill.elements.hair.sway import ACROSS_HEAD, Sway, rest_moment
from windstill.imaging.fill import push_pull
from windstill.imaging.planes import Planes, Region, to_rgb
from windstill.options import Options, Strength
from windstill.render import Stage
from windstill.web.package import PackageWriter

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

QUALITY = 80
_WAVE_STEP = 1 / 32
"""Pixels; of 32 waves together hair then errs by 0.04 (root mean square)."""
# Beside what the renderer changed, pixels of the plate that are sent as they are.
_AROUND = 9


def pack_hair(
    package: PackageWriter,
    scene: Scene,
    stage: Stage,
    options: Options,
    degrees: float,
    strengths: tuple[Strength, ...],
) -> dict[str, Any] | None:
    """Adds the hair's arrays and images; its part of the header, None if it does not move.

    scene: the photo and its mattes, hair included.
    """
    layer = next((layer for layer in stage.layers if isinstance(layer, HairLayer)), None)
    if layer is None:
        return None
    region = layer.region
    before, after = scene.planes.crop(region), stage.backdrop.crop(region)
    replaced = before.y != after.y
    package.image("hair-plate", _plate(after, replaced), quality=QUALITY)
    package.image("hair-replaced", np.where(replaced, np.uint8(255), np.uint8(0)), is_mask=True)
    sky = stage.mattes.sky[region.luma]
    half = cv2.resize(sky, (sky.shape[1] // 2, sky.shape[0] // 2), interpolation=cv2.INTER_AREA)
    package.image("hair-sky", np.rint(half * 255).astype(np.uint8))
    side = 1 if np.cos(np.radians(degrees)) >= 0 else -1
    patches = [
        _pack_patch(
            package,
            f"hair-{number}",
            patch,
            hair=scene.mattes.hair,
            side=side,
            alone=len(layer.patches) == 1,
            options=options,
            strengths=strengths,
        )
        for number, patch in enumerate(layer.patches)
    ]
    return {"region": _corners(region), "side": side, "patches": patches}


def _corners(region: Region) -> list[int]:
    return [region.top, region.left, region.bottom, region.right]


def _plate(backdrop: Planes, replaced: Mask) -> U8:
    """The backdrop around where it is not the photo, and smoothly continued elsewhere."""
    near = cv2.dilate(replaced.astype(np.uint8), np.ones((_AROUND, _AROUND), np.uint8))
    rgb = to_rgb(backdrop)
    smooth = push_pull(rgb.astype(np.float32), near.astype(np.float32))
    return np.where(near[..., None] > 0, rgb, np.rint(smooth).clip(0, 255)).astype(np.uint8)


def _pack_patch(
    package: PackageWriter,
    name: str,
    patch: Patch,
    *,
    hair: F32,
    side: int,
    alone: bool,
    options: Options,
    strengths: tuple[Strength, ...],
) -> dict[str, Any]:
    waves = np.concatenate([patch.sway.basis[..., 0], patch.sway.basis[..., 1]])
    package.array(f"{name}-waves", waves, "int8", by_first=True, step=_WAVE_STEP)
    lag = _lag(patch)
    package.array(f"{name}-lag", lag, "int16")
    untempered = Sway(patch.heads_of_hair.untempered(), patch.sway.gusts, patch.sway.start)
    other = rest_moment(_turned(untempered, lag, side), patch.sway.gusts)
    reaches = []
    for strength in strengths:
        sway = patch.sway
        if strength != options.strength:
            sway = patch.heads_of_hair.sway_in(strength)
        reaches.append(_ratio(sway.basis, patch.sway.basis))
    package.array(f"{name}-reach", np.stack(reaches), "uint8")
    package.image(f"{name}-own", _own(patch, hair, alone), is_mask=True)
    return {
        "region": _corners(patch.region),
        "cell": patch.grid.cell,
        "cycles": patch.sway.gusts.cycles.tolist(),
        "starts": [patch.sway.start, other],
    }


def _turned(sway: Sway, lag: F32, side: int) -> F32:
    """The basis in wind to the other side than `side`."""
    cos, sin = np.split(sway.basis, 2)
    angle = 4 * np.pi * side * sway.gusts.hertz[:, None, None] * lag
    c, s = (part[..., None].astype(np.float32) for part in (np.cos(angle), np.sin(angle)))
    return -np.concatenate([cos * c + sin * s, sin * c - cos * s])


def _lag(patch: Patch) -> F32:
    """Seconds by which a gust to the right reaches each cell later than the region's edge."""
    lag = np.zeros(patch.grid.shape, np.float32)
    for tress in patch.heads_of_hair.tresses:
        across = tress.strands.centres[..., 0] / np.float32(tress.growth.head.size)
        own = tress.growth.own
        lag[tress.window][own] = (ACROSS_HEAD * across)[own]
    return lag


def _ratio(basis: F32, unit: F32) -> F32:
    """How much larger, (H, W), `basis` is than `unit` at each cell."""
    common = np.einsum("thwc,thwc->hw", basis, unit)
    whole = np.einsum("thwc,thwc->hw", unit, unit)
    usual = float(common.sum() / max(float(whole.sum()), 1e-9))
    little = np.float32(1e-3 * max(float(whole.max()), 1e-6))
    return np.asarray((common + little * usual) / (whole + little), np.float32)


def _own(patch: Patch, hair: F32, alone: bool) -> U8:
    """By how much to multiply the matte to get the patch's. alone: there is no other patch."""
    whole = hair[patch.region.luma]
    share = np.where(whole > 0, patch.hair / np.maximum(whole, 1e-6), 1.0 if alone else 0.0)
    return np.asarray(np.rint(share.clip(0, 1) * 255), np.uint8)
