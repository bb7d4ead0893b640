"""Bringing light brighter than diffuse white into the range of an ordinary picture.

The reference white tone mapping operator of SMPTE ST 2094-50, which Chromium applies to PQ and HLG:
light up to diffuse white is dimmed by up to a stop, and what is brighter follows a quadratic Bézier
curve to the picture's peak. One gain per pixel, found from its brightest colour, keeps its hue.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

USUAL_PEAK = 1000 / 203
"""Where the file names none, a mastering display of 1000 cd/m² is assumed, as by Chromium."""

_FULL_HEADROOM = math.log2(1000 / 203)
_BEND = 0.65


def tone_map(light: F32, peak: float | None) -> F32:
    """Light (..., 3), diffuse white being 1, as light of 0 to 1; `peak` is the brightest there is.

    Of the operator, the curve for a display without headroom.
    """
    peak = max(peak or USUAL_PEAK, 1.0)
    white = 1 - 0.5 * min(math.log2(peak) / _FULL_HEADROOM, 1)
    brightest = light.max(axis=-1, keepdims=True)
    return light * _gain(brightest, peak, white)


def _gain(brightest: F32, peak: float, white: float) -> F32:
    """The curve at `brightest`, divided by it: from (1, white) by a control point to (peak, 1)."""
    control = (1 - _BEND) + _BEND / white, (1 - _BEND) * white + _BEND
    x = np.clip(brightest, 1, peak)
    a, b, c = 1 - 2 * control[0] + peak, 2 * (control[0] - 1), 1 - x
    if abs(a) < 1e-6:
        t = -c / max(b, 1e-6)
    else:
        t = (np.sqrt(np.maximum(b * b - 4 * a * c, 0)) - b) / (2 * a)
    y = white + t * (2 * (control[1] - white) + t * (white - 2 * control[1] + 1))
    gain: F32 = (y / np.maximum(brightest, 1)).astype(np.float32)
    return gain
