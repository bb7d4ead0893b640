"""How well what is behind hair can be told from what is beside it.

Beside the hair a band is covered and completed from what lies beyond, as the plate completes what
is behind the hair. There the truth is known: where the band comes out wrong, so will the plate.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.crossings import STARK
from windstill.elements.hair.halo import FAINT, WIDEST, mean_of_nearest
from windstill.imaging.marching import carried_on
from windstill.imaging.planes import Planes

F32 = NDArray[np.float32]

_BAND = 0.06
"""In head sizes: how wide the band is, about as wide as what swaying hair uncovers."""
_HALO = 0.02
"""In head sizes: beside the matte hair may be seen so far, which tells nothing."""
_BLUR = 0.006
"""In head sizes: finer texture may differ."""
_COLOURS = 2.0
"""How much more a level of U or V counts than one of Y."""
_MOST = 60.0
"""Levels: what is off by more is as bad."""
_HALF_WAY = 0.4
"""Doubt with which hair may travel half a band."""
_SEEN = 0.02
"""Share of a band's surroundings that must be of it."""
_LITTLE, _MUCH = 4.0, 22.0
"""Levels by which a completed band may be off, and which everybody sees."""


def surprise_of(planes: Planes, hair: F32, head_size: float) -> F32:
    """How wrong the completed band nearest to each pixel is, float32 (H, W) from 0 to `STARK`.

    hair: matte, float32 at the luma's size. head_size: pixels. 1 is what everybody sees. Where what
    is beside the hair is of one piece for half a band only, it can be told half as far.
    """
    size = planes.u.shape[::-1]
    covered = cv2.resize(hair, size, interpolation=cv2.INTER_AREA) > FAINT
    away = 2 * cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5)
    luma = cv2.resize(planes.y, size, interpolation=cv2.INTER_AREA)
    sigma = max(0.6, _BLUR * head_size / 2)
    shown = [
        cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigma)
        for plane in (luma, planes.u, planes.v)
    ]
    begin = min(_HALO * head_size, float(WIDEST))
    far, near = (
        _wrong_in_band(shown, away, begin, share * _BAND * head_size) for share in (1, 0.5)
    )
    plain = np.minimum(far, np.maximum(near, np.float32(_HALF_WAY)))
    whole: F32 = cv2.resize(plain, hair.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return whole


def _wrong_in_band(shown: list[F32], away: F32, begin: float, width: float) -> F32:
    """How wrong a completed band is around each pixel, float32 (h, w), at half size.

    shown: Y, U and V. away: pixels of the whole size from the matte. begin, width: of the band, in
    such pixels.
    """
    known = away > begin + width
    if not known.any():
        return np.zeros(away.shape, np.float32)
    completed = carried_on(shown, known, (away > 0) & ~known)
    y, u, v = (np.square(a - b) for a, b in zip(completed, shown, strict=True))
    off = np.minimum(np.sqrt(y + np.float32(_COLOURS) * (u + v)), np.float32(_MOST))
    band = ((away > begin) & ~known).astype(np.float32)
    window = (2 * max(1, round(width / 2)) + 1,) * 2
    seen = cv2.blur(band, window)
    mean = cv2.blur(off * band, window) / np.maximum(seen, np.float32(1e-3))
    # Between the tips of locks there is no band.
    mean = mean_of_nearest(mean, (seen > _SEEN).astype(np.float32))
    return np.asarray(np.clip((mean - _LITTLE) / (_MUCH - _LITTLE), 0, STARK), np.float32)
