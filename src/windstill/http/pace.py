"""Refusing at once what would not be ready in time.

A queue of fixed length promises nothing about time: on a slow day its end is beyond every
client's patience, and the work is done for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from windstill.http.refusals import Reason, RequestRefused

WEIGHT = 0.2
"""Of the latest job in the moving average."""
SHARE = 0.8
"""Of a client's patience that may be spent according to an estimate."""


@dataclass
class Pace:
    """How long jobs take lately, and how many requests wait for theirs.

    slots: jobs that run at the same time. patience: seconds that a request may take.
    """

    slots: int
    patience: float
    waiting: int = 0
    seconds: float = 0.0

    def admit(self, patience: float | None = None) -> None:
        """Raises `RequestRefused` when a job would not be ready in time.

        patience: of this client; None: as of all.

        Never while a slot is free, so that the estimate can always recover.
        """
        within = SHARE * (self.patience if patience is None else patience)
        turns = (self.waiting + 1) / max(1, self.slots)
        expected = turns * self.seconds
        if turns > 1 and expected > within:
            raise RequestRefused(
                Reason.TOO_BUSY,
                "Too many jobs are waiting. Please try again later.",
                retry_after=min(60.0, expected - within),
            )

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Held while a request waits for its job."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    def saw(self, started_at: float | None, finished_at: float | None) -> None:
        """Learns from a job that ended; one that never started teaches nothing."""
        if started_at is None or finished_at is None:
            return
        spent = max(0.0, finished_at - started_at)
        self.seconds = spent if not self.seconds else (1 - WEIGHT) * self.seconds + WEIGHT * spent
