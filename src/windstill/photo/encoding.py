"""What the numbers in a file mean as light: primaries and transfer functions (ITU-T H.273).

A file may say it in code points (cICP of PNG, nclx of AVIF and HEIC) or in numbers (cHRM and gAMA
of PNG). Light is measured so that 1 is diffuse white.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Transfer = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

REFERENCE_WHITE = 203.0
"""Luminance of diffuse white in PQ and HLG, cd/m² (ITU-R BT.2408-7, table 1)."""

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
# H.273, table 2.
_PRIMARIES: dict[int, Chromaticities] = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    4: (*_C, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1, 0, 0, 1, 0, 0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
SRGB_PRIMARIES = _PRIMARIES[1]
BT2020_PRIMARIES = _PRIMARIES[9]
_BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
PQ, HLG = 16, 18
_CAMERA_CURVES = (1, 6, 11, 14, 15)
_ORDINARY_GAMMA, _ORDINARY_TOLERANCE = 1 / 2.2, 0.05
_HLG_PEAK = 1000 / REFERENCE_WHITE
_HLG_SYSTEM_GAMMA = 1.2
"""Of a display with a peak of 1000 cd/m² (BT.2100-2, table 5)."""

# Bradford's cone responses (ICC.1:2022, annex E).
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Encoding:
    """How a picture's numbers are light.

    primaries: where its white, red, green and blue are. transfer: code of H.273, table 3. gamma: if
    it is given, the exponent instead. peak: luminance of the brightest pixel, diffuse white being
    1, if the file says so.
    """

    primaries: Chromaticities = SRGB_PRIMARIES
    transfer: int = 13
    gamma: float | None = None
    peak: float | None = None

    @property
    def is_hdr(self) -> bool:
        """Whether there may be light brighter than diffuse white."""
        return self.gamma is None and self.transfer in (PQ, HLG)

    def linear(self, levels: int) -> F32:
        """Light of the values 0 to levels - 1, float32 (levels,); HLG's is that of the scene."""
        value = np.linspace(0, 1, levels)
        light = value**self.gamma if self.gamma is not None else _TRANSFERS[self.transfer](value)
        return cast(F32, light.astype(np.float32))


def between(source: Chromaticities, target: Chromaticities) -> F32:
    """The matrix from linear light of some primaries to that of others, float32 (3, 3)."""
    matrix = np.linalg.inv(_to_xyz(target)) @ _to_xyz(source)
    return cast(F32, matrix.astype(np.float32))


def displayed(scene: F32) -> F32:
    """HLG's light of the scene, (..., 3) in BT.2020, as that of a display (BT.2100-2, table 5)."""
    luminance = np.maximum(scene @ _BT2020_LUMINANCE, np.float32(1e-9))[..., None]
    gain = np.float32(_HLG_PEAK) * luminance ** np.float32(_HLG_SYSTEM_GAMMA - 1)
    return cast(F32, scene * gain)


def by_code_points(primaries: int, transfer: int, peak: float | None = None) -> Encoding | None:
    """The encoding of H.273's code points; None if it is sRGB's, or nothing is known of them."""
    if (primaries, transfer) == (1, 13):
        return None
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return None
    return Encoding(_PRIMARIES[primaries], transfer, peak=peak)


def by_video_code_points(primaries: int, transfer: int, peak: float | None) -> Encoding | None:
    """As `by_code_points`, for stills that are coded as video, as Chromium takes them.

    The curve of a video camera stands for sRGB's, and so does what is not specified.
    """
    known = transfer in _TRANSFERS and transfer not in _CAMERA_CURVES
    return by_code_points(
        primaries if primaries in _PRIMARIES else 1, transfer if known else 13, peak
    )


def _to_xyz(primaries: Chromaticities) -> NDArray[np.float64]:
    """From linear RGB to CIE XYZ under D50 (ICC.1:2022, annex E), (3, 3)."""
    white, *colours = (_xyz(*primaries[at : at + 2]) for at in (0, 2, 4, 6))
    unscaled = np.stack(colours, axis=1)
    matrix = unscaled * np.linalg.solve(unscaled, white)
    d50 = np.array([0.9642, 1.0, 0.8249])
    adapted = np.linalg.inv(_CONES) @ np.diag((_CONES @ d50) / (_CONES @ white)) @ _CONES
    return cast(NDArray[np.float64], adapted @ matrix)


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    """Of luminance 1; of a colour without luminance, its direction."""
    return np.array([x, y, 1 - x - y]) / (y or 1)


def _power(exponent: float, scale: float = 1.0) -> Transfer:
    return lambda value: scale * value**exponent


def _srgb(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _smpte_240m(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value < 0.0913, value / 4, ((value + 0.1115) / 1.1115) ** (1 / 0.45))


def _pq(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084 (BT.2100-2, table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = value ** (1 / m2)
    nits = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return nits / REFERENCE_WHITE


def _hlg(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """ARIB STD-B67 (BT.2100-2, table 5): light of the scene, 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)


# BT.709's camera curve and its kin are shown by the display curve of BT.1886.
_TRANSFERS: dict[int, Transfer] = {
    **dict.fromkeys(_CAMERA_CURVES, _power(2.4)),
    4: _power(2.2),
    5: _power(2.8),
    7: _smpte_240m,
    8: _power(1.0),
    13: _srgb,
    PQ: _pq,
    # SMPTE ST 428-1: 48 cd/m² are white, 52.37 the most.
    17: _power(2.6, 52.37 / 48),
    HLG: _hlg,
}


def by_numbers(chromaticities: Chromaticities | None, gamma: float | None) -> Encoding | None:
    """The encoding of PNG's cHRM and gAMA; gamma: the exponent that light was encoded with.

    Both together count as they stand. Without chromaticities an ordinary gamma is sRGB, which it
    is meant for; without a gamma they count for nothing; and neither does with primaries that span
    no colours. So does Chromium.
    """
    if gamma is None or not 0.1 <= gamma <= 10:
        return None
    if chromaticities is None:
        ordinary = abs(gamma / _ORDINARY_GAMMA - 1) < _ORDINARY_TOLERANCE
        return None if ordinary else Encoding(gamma=1 / gamma)
    try:
        matrix = _to_xyz(chromaticities)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
        return None
    return Encoding(chromaticities, gamma=1 / gamma)
