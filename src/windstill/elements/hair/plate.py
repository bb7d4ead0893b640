"""What is behind hair, near enough to its edge that the hair's motion reveals it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.coverage import STILL
from windstill.elements.hair.halo import FAINT, find_halo
from windstill.imaging.fill import nearest_known, push_pull
from windstill.imaging.marching import carried_on
from windstill.imaging.planes import Planes
from windstill.imaging.warp import identity_map

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_SAMPLING = np.float32(4)
"""Pixels, beside those it travels, at which a pixel of the hair is still felt."""
BEHIND = np.float32(7)
"""The same, and some more for the sky, which keeps away from the edge of its matte."""
_SPECK = np.ones((7, 7), np.uint8)
"""What is narrower than this, between halos, is no place to see what is behind."""
_DETAIL = 0.5
"""Share of the mirrored texture that is added: all of it looks like noise where a line goes on."""


def plate_behind(planes: Planes, hair: F32, travel: F32, head_size: float) -> Planes:
    """A picture with the outer pixels of its hair replaced by what must be behind them.

    hair: matte, float32, at the luma's size. travel: how far hair moves at each of its pixels.
    head_size: pixels. Replaced, too, are pixels beside the matte that still show hair, so that
    they go with it. Others without hair, and those too deep inside it to be revealed, stay.
    """
    clear = hair <= FAINT
    halo = find_halo(planes.y, hair, head_size)
    known = clear & (halo <= 0)
    # Specks between strands, left where they are, would glitter while the strands move.
    for gaps in (clear, known):
        halo[gaps & ~_wide(gaps)] = 1
    known = _wide(known)
    if not known.any():
        return planes
    reach = travel + _SAMPLING
    moving = travel > STILL
    shown = revealed(hair, reach) & ~known & moving
    halo *= moving
    y, u, v = _marched(planes, known, shown | (halo > 0))
    detail = _mirrored_detail(planes.y.astype(np.float32), known, float(reach.max()))
    luma = np.clip(y + _DETAIL * detail, 0, 255)
    share = np.maximum(shown, halo)
    half = cv2.resize(share, planes.u.shape[::-1], interpolation=cv2.INTER_AREA)
    half = np.maximum(half, _largest_of_four(shown))
    return Planes(
        _mixed(planes.y, luma, share), _mixed(planes.u, u, half), _mixed(planes.v, v, half)
    )


def _wide(gaps: Mask) -> Mask:
    """What of some gaps is no speck."""
    beyond = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    opened = cv2.morphologyEx(gaps.astype(np.uint8), cv2.MORPH_OPEN, _SPECK, **beyond)
    return np.asarray(opened > 0)


def _largest_of_four(mask: Mask) -> F32:
    quads = [mask[i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return np.asarray(np.logical_or.reduce(quads), np.float32)


def _mixed(plane: U8, fill: F32, share: F32) -> U8:
    """`share` of the fill, and the rest of the plane."""
    return np.rint(plane + share * (fill - plane)).astype(np.uint8)


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


def _marched(planes: Planes, known: Mask, replaced: Mask) -> list[F32]:
    """Y at its own size, U and V with the known carried on into what is replaced, levels. Computed
    at the chroma's size."""
    size = planes.u.shape[::-1]
    luma = cv2.resize(planes.y, size, interpolation=cv2.INTER_AREA)
    unknown, hole = (_largest_of_four(mask) > 0 for mask in (~known, replaced))
    y, u, v = carried_on([luma, planes.u, planes.v], ~unknown, hole)
    whole: F32 = cv2.resize(y, planes.y.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return [whole, u, v]


def _mirrored_detail(picture: F32, known: Mask, reach: float) -> F32:
    """Texture of what is known, mirrored at its edge into what is not."""
    weight = known.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), 2.0)
    calm = cv2.GaussianBlur(picture * weight, (0, 0), 2.0) / np.maximum(share, 1e-3)
    detail = (picture - calm) * weight * np.clip(2 * share - 0.6, 0, 1)
    # What stands out most beside hair is hair that the matte missed.
    usual = 3 * float(np.median(np.abs(detail[known])))
    return _mirror(np.clip(detail, -usual, usual), known, reach)


def _mirror(detail: F32, known: Mask, reach: float) -> F32:
    """`detail` mirrored at the edge of what is known; where to, is worked out at half the size."""
    half = np.ascontiguousarray(~_largest_of_four(~known).astype(bool))
    if not half.any():
        return np.zeros_like(detail)
    _, nearest = nearest_known(half)
    way = cv2.GaussianBlur(nearest - identity_map(*half.shape), (0, 0), max(1.0, reach / 6))
    whole = cv2.resize(2 * way, known.shape[::-1], interpolation=cv2.INTER_LINEAR)
    mirrored: F32 = cv2.remap(
        detail,
        identity_map(*known.shape) + 2 * whole,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return mirrored
