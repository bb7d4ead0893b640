"""What hair of this place looks like, and what follows from it for matte and plate.

A pixel P = a H + (1 - a) B shows hair H with the matte a in front of the plate B. H is one of the
tones of the solid hair nearby, or nearly. A matte or a plate that asks for any other H would have
the moving hair carry that light about: black dots, white rims, pieces of a window frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# In head sizes: hair is solid where it is this thick, and lends its tones this far.
_THICK, _REACH = 0.03, 0.2
# In head sizes: what differs from the solid hair so near to it may be its edge in the light from
# behind, and beyond the second it is something else.
_RIM, _APART = 0.02, 0.05
# A matte of less is hardly hair, one of more is plainly some.
_FAINT, _PLAIN = 0.1, 0.4
# Pixels beside plain hair that may hold some which the matte missed.
_BESIDE = 2
# Levels: tones go this far beyond those seen, and the plate may be off by so much.
_SLACK, _NOISE = 10.0, 6.0


@dataclass(frozen=True)
class Tones:
    """The least and the largest value that hair may have at each pixel; float32 (H, W).

    apart: float32 in [0, 1], how far it is surely away from solid hair.
    """

    least: F32
    most: F32
    apart: F32


def tones_of(plane: U8, hair: F32, head_size: float) -> Tones:
    """The tones in a plane, uint8 (H, W). hair: its matte. head_size: in its pixels.

    Far from all solid hair they are those of all of it; without any there are no limits.
    """
    thick = _square(max(1, round(_THICK * head_size / 2)))
    solid = cv2.morphologyEx((hair > 0.98).astype(np.uint8), cv2.MORPH_OPEN, thick)
    pure = cv2.erode(solid, _square(1)) > 0
    around = _square(max(2, round(_REACH * head_size)))
    least = cv2.erode(np.where(pure, plane, np.uint8(255)), around).astype(np.float32)
    most = cv2.dilate(np.where(pure, plane, np.uint8(0)), around).astype(np.float32)
    none = least > most
    darkest, lightest = (plane[pure].min(), plane[pure].max()) if pure.any() else (0, 255)
    least[none], most[none] = darkest, lightest
    away: F32 = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5) / np.float32(head_size)
    return Tones(
        np.maximum(least - np.float32(_SLACK), 0),
        np.minimum(most + np.float32(_SLACK), 255),
        np.clip((away - _RIM) / (_APART - _RIM), 0, 1).astype(np.float32),
    )


def supported(hair: F32, still: U8, plate: U8, tones: Tones) -> F32:
    """The matte held to what the tones of the hair allow: float32 (H, W).

    still, plate: luma, uint8 (H, W). Nothing becomes hair that was none, but right beside some.
    """
    beside = cv2.dilate((hair > _PLAIN).astype(np.uint8), _square(_BESIDE)) > 0
    beside &= tones.most - tones.least < 255
    # Solid hair, which is most of it, stays as it is.
    doubtful = np.flatnonzero((beside | (hair > 0)) & ((hair < 1) | (tones.apart > 0)))
    own, apart = hair.ravel()[doubtful], tones.apart.ravel()[doubtful]
    at_least, at_most = _mattes_of(still, plate, tones, doubtful)
    # Where hardly any hair was seen it is the plate that is wrong.
    seen = np.clip((own - _FAINT) / (_PLAIN - _FAINT), 0, 1)
    seen[beside.ravel()[doubtful]] = 1
    raised = own + seen * np.maximum(np.clip(at_least, 0, 1) - own, 0)
    lowered = np.minimum(raised, np.clip(at_most, 0, 1))
    held = hair.copy()
    held.ravel()[doubtful] = raised + apart * (lowered - raised)
    return held


def _mattes_of(still: U8, plate: U8, tones: Tones, places: NDArray[np.intp]) -> tuple[F32, F32]:
    """The least and the largest matte with which hair of its tones makes the photo of the plate.

    places: indices of the pixels (n,). Each float32 (n,), in any range.
    """
    behind = plate.ravel()[places].astype(np.float32)
    change = still.ravel()[places] - behind
    low, high = (each.ravel()[places] - behind for each in (tones.least, tones.most))
    # a low <= change + noise and a high >= change - noise, for either sign of low and high.
    tiny = np.float32(1e-3)
    at_least = np.maximum(
        np.where(high > tiny, (change - _NOISE) / np.maximum(high, tiny), 0),
        np.where(low < -tiny, (change + _NOISE) / np.minimum(low, -tiny), 0),
    )
    at_most = np.minimum(
        np.where(low > tiny, (change + _NOISE) / np.maximum(low, tiny), 1),
        np.where(high < -tiny, (change - _NOISE) / np.minimum(high, -tiny), 1),
    )
    return at_least, at_most


def _square(radius: int) -> U8:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
