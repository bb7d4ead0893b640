"""How fast a sky drifts, and how often a loop changes to another copy of it."""

from __future__ import annotations

from dataclasses import dataclass

from windstill.options import Strength

# Share of the longer side that the fast part of the sky travels in a second.
SPEED: dict[Strength, float] = {"calm": 0.005, "normal": 0.0125, "windy": 0.017}
# A copy of the sky is shown for about this long before the next one takes its place. What was seen
# one period ago is where it is now: more copies make a sky that seems to stand.
PERIOD_SECONDS = 4.0
# Two copies that follow one another are never farther apart than this share of the longer side.
LARGEST_STEP = 0.068


@dataclass(frozen=True)
class DriftRate:
    """periods: copies per loop. step: pixels between one and the next."""

    periods: int
    step: float


def drift_rate(seconds: float, strength: Strength, longer: int) -> DriftRate:
    """The rate of a loop of `seconds` in a picture whose longer side is `longer` pixels."""
    periods = max(1, round(seconds / PERIOD_SECONDS))
    step = min(SPEED[strength] * seconds / periods, LARGEST_STEP)
    return DriftRate(periods, step * longer)
