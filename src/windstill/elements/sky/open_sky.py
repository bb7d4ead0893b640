"""The sky of a scene by itself: where it is, what in it drifts, and what stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Scene
from windstill.elements.sky.bands import halve, still_part
from windstill.elements.sky.frame import rounded_corners
from windstill.elements.sky.glow import find_glow
from windstill.elements.sky.plate import confident, possible
from windstill.elements.sky.stars import FAINTEST, bright_points, starry_sky
from windstill.elements.sky.still_objects import NIGHT, still_objects
from windstill.imaging.blur import wide_blur
from windstill.imaging.fill import push_pull_layered
from windstill.imaging.planes import Region

F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

# Pixels kept from the matte's border, as a share of the diagonal of the half size.
SHRINK = 0.006
# What differs by so many levels from all that the sky behind it may be stays, in part or whole.
UNLIKELY = 3.0, 12.0
# The still part of a sky is its blur with this share of the shorter side as sigma.
STILL_SIGMA = 0.25
# Behind what stands in front a sky goes on as it is beside it, so many times as far as above.
FLATNESS = 6
# A veil gets thinner over this share of the longer side (sigma) where something stands in the sky.
VEILED = 0.02
# What drifts comes to rest over this share of the longer side where stars show.
STAR_FADE = 0.02


@dataclass(frozen=True)
class OpenSky:
    """The sky inside `region`; all but the luma matte at half size (h, w).

    luma_matte, chroma_matte: int16, 0 to 256, how much the moving sky shows. free: float32, 1 less
    what stands still in the sky (sun, birds, cables). known: float32, 1
    where the picture is surely sky. half_luma: uint8. moving: float32 (h, w, 3), Y, U, V less
    what stands still (gradients, the sun's glow), completed where not known. feasible: the least
    and the largest that it can be, see `plate.possible`. colour: mean Y, and mean U and V less 128.
    """

    region: Region
    luma_matte: I16
    chroma_matte: I16
    free: F32
    known: F32
    half_luma: U8
    moving: F32
    feasible: tuple[F32, F32]
    colour: tuple[float, float, float]
    is_night: bool


def open_sky(scene: Scene, region: Region) -> OpenSky:
    """Takes the sky apart."""
    matte = np.ascontiguousarray(scene.mattes.sky[region.luma])
    planes = scene.planes.crop(region)
    size = region.shape[1] // 2, region.shape[0] // 2
    half = cv2.merge([halve(planes.y), planes.u, planes.v])
    half_matte = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    shrink = max(1, round(SHRINK * float(np.hypot(*scene.mattes.sky.shape)) / 2))
    stars = starry_sky(half, half_matte > 0.5)
    free = 1 - still_objects(half, half_matte)
    seen = free
    if stars is not None:
        free = np.minimum(free, 1 - _softened(stars, STAR_FADE * max(stars.shape)))
        # The sky between the stars is known, if any of it moves: it lies behind what drifts there.
        all_of_it = not (half_matte > 0.5)[~stars].any()
        points = bright_points(np.ascontiguousarray(half[..., 0]), FAINTEST, 256)
        around = cv2.dilate((points & stars).astype(np.uint8), np.ones((11, 11), np.uint8)) > 0
        seen = free if all_of_it else np.where(around, np.float32(0), seen)
    corners = rounded_corners(scene.planes.y)
    if corners is not None:
        rounded = corners[region.luma][::2, ::2]
        free, seen = (np.where(rounded, np.float32(0), part) for part in (free, seen))
    known = confident(half_matte * seen, shrink)
    picture = half.astype(np.float32)
    inside = known > 0.5
    is_night = stars is not None or bool(inside.any() and np.median(half[..., 0][inside]) < NIGHT)
    glow = find_glow(picture, known, is_night=is_night)
    if glow is not None:
        picture -= glow.light
        free *= 1 - glow.disc
        known[glow.disc > 0] = 0
    smooth = push_pull_layered(picture, known, FLATNESS)
    surely = (known > 0.5).astype(np.uint8)
    mean = cv2.mean(picture, surely) if surely.any() else (128.0,) * 3
    still = still_part(smooth, STILL_SIGMA * min(region.shape) / 2)
    feasible = possible(picture - still, _shrunk(half_matte * free), known)
    free *= _believable(smooth - still, *feasible)
    luma_matte, chroma_matte = _mattes(matte, half_matte, free)
    return OpenSky(
        region=region,
        luma_matte=luma_matte,
        chroma_matte=chroma_matte,
        free=free,
        known=known,
        half_luma=np.ascontiguousarray(half[..., 0]),
        moving=smooth - still,
        feasible=feasible,
        colour=(mean[0], mean[1] - 128, mean[2] - 128),
        is_night=is_night,
    )


def under_a_veil(heaven: OpenSky, matte: F32) -> OpenSky:
    """The same sky for a veil over it: what stands in the sky only softly has less of it.

    A veil with holes around twigs and lamp posts would show their outlines as halos. matte:
    float32 (H, W), the region's.
    """
    free = np.clip(wide_blur(heaven.free, VEILED * max(matte.shape) / 2), 0, 1)
    half_matte = cv2.resize(matte, free.shape[1::-1], interpolation=cv2.INTER_AREA)
    luma_matte, chroma_matte = _mattes(matte, half_matte, free)
    return replace(heaven, free=free, luma_matte=luma_matte, chroma_matte=chroma_matte)


def _mattes(matte: F32, half_matte: F32, free: F32) -> tuple[I16, I16]:
    """How much the moving sky shows, at full and at half size, see `OpenSky`."""
    whole = cv2.resize(free, matte.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return _shrunk(matte * whole), _shrunk(half_matte * free)


def _believable(moving: F32, least: F32, most: F32) -> F32:
    """How far each pixel is to move, float32 (h, w) in [0, 1].

    A sky that goes on behind a pixel can be so far from any that the photo can be made of there
    that the pixel is not the sky's, whatever the matte says: it stays.
    """
    apart = np.maximum(least - moving, moving - most).max(axis=2)
    likely = 1 - np.clip((apart - UNLIKELY[0]) / (UNLIKELY[1] - UNLIKELY[0]), 0, 1)
    return np.asarray(cv2.GaussianBlur(likely, (3, 3), 0), np.float32)


def _softened(mask: NDArray[np.bool_], sigma: float) -> F32:
    """A mask with a soft border outside of it: float32 in [0, 1]."""
    soft = np.minimum(2 * wide_blur(mask.astype(np.float32), sigma), np.float32(1))
    return np.maximum(soft, mask.astype(np.float32))


def _shrunk(matte: F32) -> I16:
    """A matte, a little smaller, 0 to 256: too small costs less than moving the foreground."""
    counted = matte * np.float32(256 / 0.88)
    counted -= np.float32(256 * 0.12 / 0.88)
    np.clip(counted, 0, 256, out=counted)
    np.rint(counted, out=counted)
    return counted.astype(np.int16)
