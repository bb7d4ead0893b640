"""The sky's plate split into what stands still, a coarse moving band and a fine one.

The very coarse part (gradients, glow) depends on the direction of view and not on the clouds: it
stands still. The coarse band holds shape and colour at half the luma's size, which is also the
size of the chroma, so one warp moves all three planes. The fine band holds what half the size
cannot, and moves where it is more than grain: grain that can be seen stays on the photo.

Bands are bytes around 128, scaled by a power of two chosen to use their range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.lattice import Lattice
from windstill.imaging import warp
from windstill.imaging.blur import wide_blur

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]

# Detail weaker than this (levels) is never seen moving.
FAINT = 0.4
# Grain weaker than this (levels) is not seen, and drifts along, as the faintest clouds are no
# stronger. What is seen stays, and with it all detail up to this many times as strong.
SEEN_GRAIN = 0.8
ABOVE_GRAIN = 1.3
# Percentile of detail that is grain alone. Not what noise estimators measure, single pixels unlike
# their neighbours: cameras smooth their grain, and files round it, to a fifth of that.
CALM = 10
# Largest unit of a band: two raised copies less the rest then fit 16 bits at weights of 1/128.
LARGEST = 100
# Halving with a filter this soft keeps aliases out of the coarse band; they would no longer be
# cancelled by the fine band once both have moved.
HALVING = np.array([1, 5, 10, 10, 5, 1], np.float32) / 32


@dataclass(frozen=True)
class CoarseBand:
    """Luma and chroma at half size, as four channels: luma's detail, U, V, luma's shape.

    plane: uint8 (2h, 2w, 4), doubled for sharp sampling. rest: int16 (4, h, w), the band where
    nothing is displaced, in the units of the plane less 128. shifts: for each channel, the
    binary logarithm of the plane's units per level.
    """

    plane: U8
    rest: I16
    shifts: tuple[int, int, int, int]

    def over_nothing(self) -> CoarseBand:
        """The same band as something that is not in the photo but added to it."""
        return replace(self, rest=np.zeros_like(self.rest))


@dataclass(frozen=True)
class FineBand:
    """Luma detail at full size.

    plane: uint8 (2H, 2W). rest, shift: as in CoarseBand. strength: float32 on the lattice, how
    much of the detail moves, 0 where none does.
    """

    plane: U8
    rest: I16
    shift: int
    strength: F32


def halve(luma: U8) -> U8:
    """`luma`, uint8 (2h, 2w), at half size (h, w), sited at the centre of four pixels."""
    middle = len(HALVING) // 2 - 1
    smooth = cv2.sepFilter2D(
        luma, -1, HALVING, HALVING, anchor=(middle, middle), borderType=cv2.BORDER_REFLECT_101
    )
    return np.ascontiguousarray(smooth[::2, ::2])


def still_part(plate: F32, sigma: float) -> F32:
    """The part of a half-size plate, float32 (h, w, 3), that stands still: its blur."""
    return wide_blur(plate, sigma)


def coarse_band(moving: F32, seen: NDArray[np.bool_], sigma: float) -> CoarseBand:
    """The coarse band of `moving`, float32 (h, w, 3), the plate less its still part.

    seen: bool (h, w), where the range is measured. sigma: blur that parts luma's shape from its
    detail, pixels of the half size.
    """
    shape = wide_blur(np.ascontiguousarray(moving[..., 0]), sigma)
    channels = [moving[..., 0] - shape, moving[..., 1], moving[..., 2], shape]
    shifts = tuple(_shift(channel, seen) for channel in channels)
    planes = [_counted(channel, shift) for channel, shift in zip(channels, shifts, strict=True)]
    rest = np.stack(planes).astype(np.int16) - np.int16(128)
    doubled = cv2.merge([warp.double(plane) for plane in planes])
    return CoarseBand(doubled, rest, shifts)  # type: ignore[arg-type]


def fine_band(luma: U8, half: U8, known: F32, lattice: Lattice) -> FineBand | None:
    """The fine band of `luma`, uint8 (H, W); None if there is only grain in it.

    half: uint8 (h, w), the luma at half size. known: float32 (h, w), 1 where it is sky.
    """
    size = luma.shape[1], luma.shape[0]
    smooth = cv2.resize(half, size, interpolation=cv2.INTER_LINEAR)
    detail = cv2.subtract(luma, smooth, dtype=cv2.CV_16S)
    detail[cv2.resize(known, size, interpolation=cv2.INTER_NEAREST) < 0.5] = 0
    share = lattice.reduce(known)
    energy = lattice.reduce(cv2.multiply(detail, detail)) / np.maximum(share, np.float32(0.1))
    deviation = np.sqrt(cv2.GaussianBlur(energy, (0, 0), 1.0))
    inside = deviation[share > 0.5]
    if not inside.size:
        return None
    grain = float(np.percentile(inside, CALM))
    low = ABOVE_GRAIN * grain if grain > SEEN_GRAIN else FAINT
    strength = np.clip((deviation - low) / (0.1 * low), 0, 1) * (share > 0)
    if not strength.any():
        return None
    strength = cv2.GaussianBlur(strength, (0, 0), 1.0)
    strength[strength < 0.02] = 0
    moving = detail * lattice.enlarge(strength, 8)
    shift = _shift(moving, np.abs(moving) > 1)
    plane = _counted(moving, shift)
    rest = plane.astype(np.int16) - np.int16(128)
    return FineBand(warp.double(plane), rest, shift, strength)


def _counted(values: F32, shift: int) -> U8:
    units: F32 = np.rint(values * np.float32(2.0**shift))
    return (units.clip(-LARGEST, LARGEST) + np.float32(128)).astype(np.uint8)


def _shift(values: F32, seen: NDArray[np.bool_]) -> int:
    """The binary logarithm of the largest scale at which `values` fit a band."""
    peak = float(np.percentile(np.abs(values[seen]), 99.9)) if seen.any() else 1.0
    return int(np.clip(np.floor(np.log2(LARGEST / max(peak, 1.0))), -1, 3))
