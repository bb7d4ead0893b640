"""Where deliveries of the broker meet the slots that run jobs."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LINGER = 2.0
"""Seconds that a slot may be away between two calls of `take` before it is thought gone."""


@dataclass(frozen=True)
class Delivery:
    """A message that the broker has delivered, and not yet been told to forget.

    tag: its number on the connection. era: which of the connections that was.
    """

    job_id: str
    high: bool
    tag: int
    era: int


class Desk:
    """Hands each delivery to one slot. wake: called when a slot is free or has finished."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._changed = threading.Condition()
        self._free: dict[int, float | None] = {}  # slot: since when it is away
        self._ready: list[tuple[bool, int, Delivery]] = []
        self._taken: dict[str, list[Delivery]] = {}
        self._finished: list[Delivery] = []
        self._order = itertools.count()
        self.closed = False

    def take(self, timeout: float | None) -> str | None:
        """See `JobQueue.take`."""
        slot = threading.get_ident()
        with self._changed:
            if self.closed:
                return None
            is_news = slot not in self._free
            self._free[slot] = None
            if is_news:
                self._wake()
            self._changed.wait_for(lambda: self._ready or self._shut(), timeout)
            self._free[slot] = time.monotonic()
            if not self._ready or self._shut():
                return None
            del self._free[slot]
            delivery = heapq.heappop(self._ready)[2]
            self._taken[delivery.job_id] = [delivery]
            return delivery.job_id

    def finish(self, job_id: str) -> None:
        """See `JobQueue.done`."""
        with self._changed:
            self._finished += self._taken.pop(job_id, [])
        self._wake()

    def close(self) -> None:
        """Ends every `take`."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def demand(self) -> int:
        """How many more deliveries there are free slots for."""
        now = time.monotonic()
        with self._changed:
            gone = [
                slot
                for slot, away in self._free.items()
                if away is not None and now - away > LINGER
            ]
            for slot in gone:
                del self._free[slot]
            return 0 if self.closed else len(self._free) - len(self._ready)

    def deliver(self, delivery: Delivery) -> None:
        """A message came. One whose job is taken, or waits here, is not handed out again."""
        with self._changed:
            if delivery.job_id in self._taken:
                self._taken[delivery.job_id].append(delivery)
            elif any(delivery.job_id == other.job_id for _, _, other in self._ready):
                self._finished.append(delivery)
            else:
                entry = (not delivery.high, next(self._order), delivery)
                heapq.heappush(self._ready, entry)
                self._changed.notify()

    def surplus(self) -> list[Delivery]:
        """Deliveries that no slot is free for; they leave the desk."""
        over = max(0, -self.demand())
        with self._changed:
            over = len(self._ready) if self.closed else min(over, len(self._ready))
            if not over:
                return []
            ordered = sorted(self._ready)
            self._ready = ordered[: len(ordered) - over]  # a sorted list is a heap
            return [delivery for _, _, delivery in ordered[len(ordered) - over :]]

    def finished(self) -> list[Delivery]:
        """Deliveries that the broker may forget; they leave the desk."""
        with self._changed:
            finished, self._finished = self._finished, []
            return finished

    def forget(self) -> None:
        """The connection is gone: the broker will deliver anew what it was not told to forget."""
        with self._changed:
            self._ready.clear()
            self._finished.clear()

    def drop(self) -> None:
        """What is still taken will never be finished here."""
        with self._changed:
            self._taken.clear()

    def _shut(self) -> bool:
        return self.closed

    @property
    def busy(self) -> bool:
        """Whether slots still work on deliveries, or the broker is to be told of one."""
        with self._changed:
            return bool(self._taken or self._finished)
