"""What streams are defined as; the compiled code has to agree to the bit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.streams import LARGEST_GAIN, Moments, Turns

F32 = NDArray[np.float32]


class Shown(NamedTuple):
    """One stream at one moment, on the lattice.

    age: float32, periods since its copy passed the photo's place. weight: float32, in [0, 1].
    copy: int32, which of the loop's copies it is.
    """

    age: F32
    weight: F32
    copy: NDArray[np.int32]


def shown_at(turns: Turns, time: float) -> tuple[Shown, Shown]:
    """What the even and the odd copies show at `time` (loops)."""
    return _stream(turns, time, 0), _stream(turns, time, 1)


def _stream(turns: Turns, time: float, parity: int) -> Shown:
    now = (time * turns.periods - parity + 1) % 2.0 - 1
    turn = np.float32(now) - turns.offsets
    turn += np.where(turn < -1, np.float32(2), np.float32(0))
    turn -= np.where(turn >= 1, np.float32(2), np.float32(0))
    ramp = np.clip((np.float32(0.5) - np.abs(turn)) / turns.fade + np.float32(0.5), 0, 1)
    weight = ramp * ramp * (3 - 2 * ramp)
    age = turn + turns.offsets
    copy = np.rint(np.float32(time * turns.periods) - age).astype(np.int32) % turns.periods
    return Shown(age, weight, copy)


def span(turns: Turns) -> float:
    """The largest age at which any copy is seen, in periods."""
    return float((np.abs(turns.offsets) + (1 + turns.fade) / 2).max())


def gain(moments: Moments, early: F32, late: F32) -> F32:
    """Factor on both weights that keeps the variance of the blend."""
    floor = np.float32(moments.floor)
    kept = early * moments.early + late * moments.late + floor
    blended = (
        early * early * moments.early
        + late * late * moments.late
        + 2 * early * late * moments.both
        + floor
    )
    ratio: F32 = np.sqrt(kept / np.maximum(blended, np.float32(1e-3) * kept))
    return ratio.clip(1.0, LARGEST_GAIN)


def uncorrelated_gain(early: F32, late: F32) -> F32:
    """Factor on both weights that keeps the variance of two copies with nothing in common."""
    found: F32 = np.reciprocal(np.sqrt(early * early + late * late))
    return found
