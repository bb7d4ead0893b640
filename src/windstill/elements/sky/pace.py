"""How often a loop's copies of the sky change, and how far each travels meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from windstill.options import Strength

# Share of the longer side that the fast part of the sky travels in 4 seconds.
TRAVEL: dict[Strength, float] = {"calm": 0.04, "normal": 0.08, "windy": 0.14}
# A copy of the sky is shown for about this long before the next one takes its place.
PERIOD_SECONDS = 2.0
# Two copies are never farther apart than this share of the longer side.
LARGEST_STEP = 0.06


@dataclass(frozen=True)
class Pace:
    """periods: copies per loop. step: pixels between one and the next."""

    periods: int
    step: float


def pace_of(seconds: float, strength: Strength, longer: int) -> Pace:
    """The pace of a loop of `seconds` in a picture whose longer side is `longer` pixels."""
    travel = TRAVEL[strength] / 4 * seconds
    periods = max(1, round(seconds / PERIOD_SECONDS), int(np.ceil(travel / LARGEST_STEP - 1e-9)))
    return Pace(periods, travel / periods * longer)
