"""The two times of the service.

Wall time is for what outlives the process or is told to others: links, secrets, signatures. It may
jump when somebody sets the clock. Steady time is for waiting: deadlines and leases.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch."""


class SteadyClock:
    """Counts on from wall time as it was at the start, by the monotonic clock: it never jumps.

    It is comparable with the steady clocks of other processes as far as their wall times agreed
    when they started.
    """

    def __init__(self, wall: Clock = time.time) -> None:
        self._offset = wall() - time.monotonic()

    def __call__(self) -> float:
        """The time now."""
        return self._offset + time.monotonic()
