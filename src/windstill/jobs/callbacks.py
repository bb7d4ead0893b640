"""Telling somebody that a job has ended: messages in an outbox, tried until they arrive.

A message is stored in the transaction that ends its job, so that none is lost and none is sent for
a job that did not end. It arrives at least once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

RETRIES = (10.0, 60.0, 300.0, 1800.0, 7200.0, 21_600.0)
"""Seconds between one attempt that failed and the next; after the last there is none."""


@dataclass(frozen=True)
class Callback:
    """Who is told of a job's end. url: where. base: the address they know this service by."""

    url: str
    base: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """That a job has ended, on its way to somebody. Times are seconds since the epoch.

    key_id: whose job it is. attempts: how often it was sent. next_at: when it is due; None when it
    has arrived or was given up. problem: why the latest attempt failed.
    """

    job_id: str
    key_id: str
    callback: Callback
    created_at: float
    attempts: int = 0
    next_at: float | None
    delivered_at: float | None = None
    problem: str | None = None

    def taken(self, until: float) -> Message:
        """About to be sent; due again at `until`, should its sender die."""
        return replace(self, attempts=self.attempts + 1, next_at=until)

    def postponed(self, until: float) -> Message:
        """Taken, but not sent after all; due again at `until`."""
        return replace(self, attempts=self.attempts - 1, next_at=until)

    def delivered(self, now: float) -> Message:
        """It has arrived."""
        return replace(self, next_at=None, delivered_at=now, problem=None)

    def failed(self, now: float, problem: str, spread: float = 1.0) -> Message:
        """It has not arrived: due again later, or given up. spread: a factor on the pause."""
        again = self.attempts - 1 < len(RETRIES)
        pause = RETRIES[self.attempts - 1] * spread if again else 0.0
        return replace(self, next_at=now + pause if again else None, problem=problem[:200])
