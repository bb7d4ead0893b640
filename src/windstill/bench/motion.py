"""Whether a loop moves as it was meant to: the intended field, its folds, and fidelity to it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.bench.metrics import Frames, Mask
from windstill.elements.hair.layer import HairLayer
from windstill.elements.sky.lattice import CELL
from windstill.elements.sky.layer import SkyLayer
from windstill.imaging.warp import identity_map
from windstill.render import Stage

F32 = NDArray[np.float32]
Field = Callable[[int, int], F32]
"""Motion from one frame to a later one, pixels: float32 (H, W, 2), 0 where nothing moves."""

LEAST_MEANT = 0.05
"""Pixels; moments at which less is meant are not measured."""
TEXTURED = 2.0
"""Levels of local contrast; below it optical flow sees nothing to follow."""


def sky_velocity(layer: SkyLayer, frames: int, shape: tuple[int, int]) -> F32:
    """The clouds' velocity, pixels per frame, float32 (H, W, 2)."""
    field = np.zeros((*shape, 2), np.float32)
    per_frame = layer.drift.coefficients[0] * np.float32(layer.schedule.periods / frames)
    field[layer.region.luma] = layer.lattice.enlarge(per_frame, CELL)
    return field


def moving_sky(stage: Stage, shape: tuple[int, int]) -> F32:
    """How much of each pixel is sky that moves, float32 (H, W): without sun, cables, birds."""
    share = np.zeros(shape, np.float32)
    for layer in stage.layers:
        if isinstance(layer, SkyLayer):
            share[layer.region.luma] = layer.luma_matte / np.float32(256)
    return share


def hair_displacement(layer: HairLayer, moment: float, shape: tuple[int, int]) -> F32:
    """Where the hair is displaced from the photo at `moment` (loops), pixels, (H, W, 2)."""
    field = np.zeros((*shape, 2), np.float32)
    for patch in layer.patches:
        field[patch.region.luma] += patch.grid.enlarge(patch.sway.displacement(moment))
    return field


def intended(stage: Stage, shape: tuple[int, int]) -> Field:
    """The motion that the stage's layers mean to show, the frontmost kind over the others."""
    skies = [sky_velocity(x, stage.frames, shape) for x in stage.layers if isinstance(x, SkyLayer)]
    hair = [layer for layer in stage.layers if isinstance(layer, HairLayer)]

    def between(begin: int, end: int) -> F32:
        if hair:
            late = hair_displacement(hair[-1], end / stage.frames % 1, shape)
            return late - hair_displacement(hair[-1], begin / stage.frames % 1, shape)
        if skies:
            return skies[0] * np.float32(end - begin)
        return np.zeros((*shape, 2), np.float32)

    return between


def textured(still: NDArray[np.uint8], mask: Mask) -> Mask:
    """Where inside `mask` the photo's luma has detail enough for its motion to be seen."""
    luma = still.astype(np.float32)
    detail = cv2.GaussianBlur(luma, (0, 0), 1) - cv2.GaussianBlur(luma, (0, 0), 8)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 6))
    return np.asarray(mask & (contrast > TEXTURED))


def still_luma(stage: Stage, still: NDArray[np.uint8]) -> F32:
    """What of the photo's luma no sky moves, float32 (H, W): everything without one, and in one
    its gradients, glow and seen grain. still: the photo's luma, uint8 (H, W)."""
    rest = still.astype(np.float32)
    for layer in stage.layers:
        if isinstance(layer, SkyLayer):
            share = layer.luma_matte.astype(np.float32) / 256
            rest[layer.region.luma] -= share * layer.luma_at_rest()
    return rest


def fidelity(
    frames: Frames,
    mask: Mask,
    field: Field,
    rest: F32 | None = None,
    *,
    stride: int = 4,
    samples: int = 24,
) -> float:
    """Measured motion along the intended one, as a share of it; 1 is ideal, NaN if none is meant.

    By dense inverse search (Kroeger et al. 2016) between frames `stride` apart, inside `mask`:
    sum(m . r) / sum(r . r), m being the measured flow and r what the same search finds when the
    earlier frame is warped exactly as intended, so that the search's own shyness of faint
    texture cancels out. Fading and doubled contours read as slower motion, so they show here.

    rest: float32 (H, W), the part of every frame that is meant to stand still while the rest of
    the luma moves through it, levels; nothing by default. It holds the search back in both.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    along, whole, count = 0.0, 0.0, len(frames)
    places = identity_map(*mask.shape)
    still = np.zeros(mask.shape, np.float32) if rest is None else rest
    for begin in np.linspace(0, count, samples, endpoint=False).astype(int):
        meant = field(int(begin), int(begin) + stride)
        if np.abs(meant[mask]).max() < LEAST_MEANT:
            continue
        moving = frames[begin] - still
        moved = cv2.remap(
            moving, places - meant, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        ideal = np.rint(moved + still).clip(0, 255).astype(np.uint8)
        best = search.calc(frames[begin], ideal, None)[mask]
        seen = search.calc(frames[begin], frames[(begin + stride) % count], None)[mask]
        along += float((seen * best).sum())
        whole += float((best * best).sum())
    return along / whole if whole > 0 else float("nan")


def folds(displacement: F32, mask: Mask) -> float:
    """Share of `mask` where the displacement, pixels (H, W, 2), turns the picture over.

    That is where det(I - grad D) <= 0.2. Differences over 8 pixels: the fields are piecewise
    constant or linear on coarse grids.
    """
    calm = cv2.blur(displacement, (8, 8))
    x, y = calm[..., 0], calm[..., 1]
    x_down, x_right = np.gradient(x)
    y_down, y_right = np.gradient(y)
    turned = (1 - x_right) * (1 - y_down) - x_down * y_right <= 0.2
    return float((turned & mask).sum() / max(int(mask.sum()), 1))
