"""What is behind hair, near enough to its edge that the hair's motion reveals it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.fill import nearest_known, push_pull
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_WARY = 2
"""Pixels beside the matte that may still hold some hair."""
_SAMPLING = np.float32(4)
"""Pixels, beside those it travels, at which a pixel of the hair is still felt."""
BEHIND = np.float32(7)
"""The same, and some more for the sky, which keeps away from the edge of its matte."""
_BESIDE = 0.02
"""How much these count beside others that show none for sure."""
_FALL_OFF = 1 / 12
"""How much less the known pixels of a pyramid's next coarser level count."""


def plate_behind(planes: Planes, hair: F32, travel: F32) -> Planes:
    """A picture with the outer pixels of its hair replaced by what must be behind them.

    hair: matte, float32, at the luma's size. travel: how far hair moves at each of its pixels.
    Pixels without hair, and those too deep inside it to be revealed, stay as they are.
    """
    size = planes.u.shape[::-1]
    half = cv2.resize(hair, size, interpolation=cv2.INTER_AREA)
    half_travel = cv2.resize(travel, size, interpolation=cv2.INTER_AREA) / 2
    return Planes(
        _filled(planes.y, hair, travel + _SAMPLING, textured=True),
        _filled(planes.u, half, half_travel + _SAMPLING / 2, textured=False),
        _filled(planes.v, half, half_travel + _SAMPLING / 2, textured=False),
    )


def revealed(hair: F32, reach: F32) -> Mask:
    """Where hair that is not opaque can come to lie, by moving `reach` pixels; bool (H, W)."""
    depth: F32 = cv2.distanceTransform((hair == 1).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray((depth <= reach) & (hair > 0))


def completed_sky(sky: F32, hair: F32, travel: F32) -> F32:
    """The sky's matte as it is without the hair in front, wherever that can be revealed."""
    seen = 1 - hair
    open_sky = np.clip(sky / np.maximum(seen, 1e-3), 0, 1).astype(np.float32)
    known = np.where(seen > 0.3, seen * seen, 0).astype(np.float32)
    guess = push_pull(open_sky, known)
    # A half-known pixel is sky or it is not; the fringe's noise must not slow the sky there.
    sure = np.clip((guess - 0.5) * 1.7 + 0.5, 0, 1)
    return np.where(revealed(hair, travel + BEHIND), sure, sky).astype(np.float32)


def _filled(plane: U8, hair: F32, reach: F32, *, textured: bool) -> U8:
    trust = _trust(hair)
    if not trust.any():
        return plane.copy()
    picture = plane.astype(np.float32)
    fill = _from_nearby(picture, trust)
    if textured:
        fill += _mirrored_detail(picture, trust, float(reach.max()))
    # What the matte missed beside hair must not stay behind when the hair moves.
    ring = revealed(hair, reach) | ((trust > 0) & (trust < 1))
    return np.where(ring, np.clip(np.rint(fill), 0, 255).astype(np.uint8), plane)


def _trust(hair: F32) -> F32:
    """How far each pixel can be trusted to show no hair at all."""
    hidden = (hair > 0).astype(np.uint8)
    side = 2 * _WARY + 1
    beside = cv2.dilate(hidden, np.ones((side, side), np.uint8)) - hidden
    # Between strands there may be nothing better than a pixel beside the matte.
    return np.where(hidden > 0, 0, np.where(beside > 0, _BESIDE, 1)).astype(np.float32)


def _from_nearby(picture: F32, trust: F32) -> F32:
    """Colours of the nearest trusted pixels, smoothly: a mean with weights that fall steeply."""
    totals, weights = [picture * trust], [trust]
    while max(totals[-1].shape) > 4:
        totals.append(cv2.pyrDown(totals[-1]))
        weights.append(cv2.pyrDown(weights[-1]))
    total, weight = totals[-1], weights[-1]
    for finer, known in zip(totals[-2::-1], weights[-2::-1], strict=True):
        size = finer.shape[::-1]
        total = finer + _FALL_OFF * cv2.pyrUp(total, dstsize=size)
        weight = known + _FALL_OFF * cv2.pyrUp(weight, dstsize=size)
    return np.asarray(total / np.maximum(weight, np.float32(1e-30)))


def _mirrored_detail(picture: F32, trust: F32, reach: float) -> F32:
    """Texture of what is known, mirrored at its edge into what is not."""
    known = (trust > 0.5).astype(np.float32)
    share = cv2.GaussianBlur(known, (0, 0), 2.0)
    calm = cv2.GaussianBlur(picture * known, (0, 0), 2.0) / np.maximum(share, 1e-3)
    detail = (picture - calm) * known * np.clip(2 * share - 0.6, 0, 1)
    # What stands out most beside hair is hair that the matte missed.
    usual = 2 * float(np.abs(detail[known > 0]).mean()) if known.any() else 0.0
    detail = np.clip(detail, -usual, usual)
    return _mirror(detail, known, reach)


def _mirror(detail: F32, known: F32, reach: float) -> F32:
    _, nearest = nearest_known(known > 0)
    here = identity_map(*known.shape)
    way = cv2.GaussianBlur(nearest - here, (0, 0), max(2.0, reach / 3))
    mirrored: F32 = cv2.remap(
        detail, here + 2 * way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return mirrored
