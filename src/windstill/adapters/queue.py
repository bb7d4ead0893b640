"""A queue of job ids within one process."""

from __future__ import annotations

import heapq
import itertools
import threading


class ProcessQueue:
    """Implements `windstill.jobs.ports.JobQueue` in memory; holds at most `bound` ids."""

    reoffer = 0.0

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._heap: list[tuple[int, int, str]] = []
        self._known: set[str] = set()
        self._taken: set[str] = set()
        self._order = itertools.count()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, job_id: str, priority: int = 0) -> bool:
        """See the port."""
        with self._changed:
            if self._closed:
                return False
            if job_id in self._known or job_id in self._taken:
                return True
            if len(self._heap) >= self.bound:
                return False
            heapq.heappush(self._heap, (-priority, next(self._order), job_id))
            self._known.add(job_id)
            self._changed.notify()
            return True

    def take(self, timeout: float | None = None) -> str | None:
        """See the port."""
        with self._changed:
            self._changed.wait_for(lambda: self._heap or self._closed, timeout)
            if self._closed or not self._heap:
                return None
            job_id = heapq.heappop(self._heap)[2]
            self._known.discard(job_id)
            self._taken.add(job_id)
            return job_id

    def done(self, job_id: str) -> None:
        """See the port."""
        with self._changed:
            self._taken.discard(job_id)

    def close(self) -> None:
        """See the port."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def spoilt(self) -> list[str]:
        """None: nobody takes an id but this process itself."""
        return []

    def problems(self) -> list[str]:
        """None: there is nothing that could fail."""
        return []

    def __len__(self) -> int:
        """See the port."""
        with self._changed:
            return len(self._heap)
