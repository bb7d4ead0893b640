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
Indices = NDArray[np.intp]

_SAMPLING = np.float32(4)
"""Pixels, beside those it travels, at which a pixel of the hair is still felt."""
BEHIND = np.float32(7)
"""The same, and some more for the sky, which keeps away from the edge of its matte."""
_SPECK = np.ones((7, 7), np.uint8)
"""What is narrower than this, between halos, is no place to see what is behind."""
_DETAIL = 0.5
"""Share of the mirrored texture that is added: all of it looks like noise where a line goes on."""

_EVERY = 3
"""Of rows and columns, what is enough to learn how much texture is usual."""


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
    specks = (clear & ~_wide(clear)) | (known & ~_wide(known))
    halo = np.where(clear, np.maximum(halo, _faded(specks)), halo)
    known &= halo <= 0
    if not known.any():
        return planes
    reach = travel + _SAMPLING
    moving = travel > STILL
    shown = revealed(hair, reach) & ~known & moving
    halo *= moving
    y, u, v = _marched(planes, known, shown | (halo > 0))
    share = np.maximum(shown, halo)
    places = np.flatnonzero(share)
    detail = _mirrored_detail(planes.y, known, places, float(reach.max()))
    luma = y.ravel()
    luma[places] = np.clip(luma[places] + _DETAIL * detail, 0, 255)
    half = cv2.resize(share, planes.u.shape[::-1], interpolation=cv2.INTER_AREA)
    half = np.maximum(half, _largest_of_four(shown))
    return Planes(
        _mixed(planes.y, luma.reshape(share.shape), share),
        _mixed(planes.u, u, half),
        _mixed(planes.v, v, half),
    )


def _faded(mask: Mask) -> F32:
    """1 in the mask, falling to 0 beside it: a step would be a line that travels with the hair."""
    wider = cv2.dilate(mask.astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(np.maximum(mask, cv2.blur(wider, (3, 3))), np.float32)


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


def _mirrored_detail(picture: U8, known: Mask, places: Indices, reach: float) -> F32:
    """Texture of what is known, mirrored at its edge, at some pixels; float32 (n,), levels.

    picture: uint8 (H, W). places: indices of the pixels (n,). reach: how far they are from the edge
    at most, pixels.
    """
    nearest = _nearest(known, reach)
    if nearest is None:
        return np.zeros(places.shape, np.float32)
    weight = known.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), 2.0)
    light = cv2.multiply(picture, weight, dtype=cv2.CV_32F)
    calm = cv2.GaussianBlur(light, (0, 0), 2.0) / np.maximum(share, np.float32(1e-3))
    detail = (light - calm * weight) * np.clip(2 * share - np.float32(0.6), 0, 1)
    # What stands out most beside hair is hair that the matte missed.
    some = slice(None, None, _EVERY), slice(None, None, _EVERY)
    usual = 3 * float(np.median(np.abs(detail[some][known[some]]), overwrite_input=True))
    height, width = picture.shape
    rows, columns = np.divmod(places, width)
    way = nearest[rows // 2, columns // 2]
    x = _reflected(columns + np.rint(4 * way[:, 0]).astype(np.intp), width)
    y = _reflected(rows + np.rint(4 * way[:, 1]).astype(np.intp), height)
    return np.asarray(np.clip(detail[y, x], -usual, usual))


def _nearest(known: Mask, reach: float) -> F32 | None:
    """The way to the nearest known pixel, at half the size, smooth; None if there is none."""
    half = np.ascontiguousarray(~_largest_of_four(~known).astype(bool))
    if not half.any():
        return None
    _, nearest = nearest_known(half)
    way = nearest - identity_map(*half.shape)
    return np.asarray(cv2.GaussianBlur(way, (0, 0), max(1.0, reach / 6)), np.float32)


def _reflected(position: Indices, size: int) -> Indices:
    """Positions beyond the picture's edges, mirrored there."""
    inside = np.abs(position) % (2 * size - 2)
    return np.asarray(np.minimum(inside, 2 * size - 2 - inside))
