"""Two colours per place: what an element and what lies beside it look like around each pixel.

Where both are known, the share of the element in a pixel is how far its colour lies on the way
from the one to the other (the compositing equation of Porter and Duff, "Compositing Digital
Images", 1984, solved along that line). Twigs and strands that the network can't see as such come
out this way, and the gaps between them too.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.guided import box_mean

F32 = NDArray[np.float32]

# Below this sum of weights (a part of the window) a colour is no colour of the place.
ENOUGH = 0.02


def colour_coefficients(
    guide: F32, fallback: F32, alpha: F32, radius: int, contrast: float, passes: int
) -> F32:
    """Affine functions from colour to matte, float32 (h, w, 4), as `guided_coefficients` gives.

    guide: float32 (h, w, 3) in [0, 1]. fallback: float32 (h, w, 4), the functions to keep where
    the two colours are alike. alpha: float32 (h, w), a first guess. radius: of the window, in
    pixels. contrast: the square of the distance of two colours that counts half. passes: how
    often colours and alpha are improved by each other.
    """
    # Planes of their own: twice as fast as channels side by side.
    channels = cv2.split(guide)
    spare = cv2.split(fallback)
    functions: Sequence[F32] = spare
    for turn in range(passes):
        functions = _functions(channels, spare, alpha, radius, contrast)
        if turn + 1 < passes:
            alpha = np.clip(_applied(functions, channels), 0, 1)
    return np.asarray(cv2.merge(functions), np.float32)


def _applied(functions: Sequence[F32], channels: Sequence[F32]) -> F32:
    total = functions[3].copy()
    for slope, channel in zip(functions[:3], channels, strict=True):
        total += slope * channel
    return total


def _functions(
    channels: Sequence[F32], spare: Sequence[F32], alpha: F32, radius: int, contrast: float
) -> list[F32]:
    near, near_weight = _colour(channels, alpha, radius)
    far, far_weight = _colour(channels, 1 - alpha, radius)
    # In place wherever it goes: there are two dozen planes otherwise.
    way = [np.subtract(n, f, out=n) for n, f in zip(near, far, strict=True)]
    length = sum((w * w for w in way[1:]), way[0] * way[0])
    known = np.minimum(near_weight, far_weight, out=near_weight)
    known *= np.float32(1 / ENOUGH)
    trust = np.minimum(known, np.float32(1), out=known)
    trust *= length / (length + np.float32(contrast))
    rest = 1 - trust
    per_length = np.divide(trust, np.maximum(length, np.float32(1e-5)), out=trust)
    offset = spare[3] * rest
    for slope, colour, kept in zip(way, far, spare[:3], strict=True):
        slope *= per_length
        offset -= np.multiply(slope, colour, out=colour)
        slope += np.multiply(kept, rest, out=colour)
    return [*way, np.asarray(offset, np.float32)]


def _colour(channels: Sequence[F32], alpha: F32, radius: int) -> tuple[list[F32], F32]:
    """The mean colour, three planes, of the pixels that are most of all `alpha`; their weight."""
    share = alpha * alpha
    weight = box_mean(share, radius)
    inverse = 1 / np.maximum(weight, np.float32(1e-4))
    means = [box_mean(share * channel, radius) for channel in channels]
    for mean in means:
        mean *= inverse
    return means, weight
