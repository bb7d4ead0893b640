"""A queue for many processes that needs no broker: the waiting jobs of the store itself."""

from __future__ import annotations

import logging
import math
import threading
import time

from windstill.adapters.postgres.database import notify
from windstill.adapters.postgres.store import PostgresStore
from windstill.jobs.clock import SteadyClock
from windstill.jobs.errors import StoreError

logger = logging.getLogger("windstill.jobs")

WAITING = "windstill_waiting"
"""The channel on which it is told that a job waits."""

_POLL = 1.0


class PostgresQueue:
    """Implements `windstill.jobs.ports.JobQueue` on the jobs of a store.

    Whoever takes an id has the others pass over it for `reserve` seconds, in which the runner
    claims its job. Takers wait until they are told of a job, and look by themselves every second.
    """

    reoffer = math.inf

    def __init__(self, store: PostgresStore, *, reserve: float = 5.0) -> None:
        self.store = store
        self.reserve = reserve
        self._taken: set[str] = set()
        self._told = 0
        self._empty = (-1, 0.0)
        self._changed = threading.Condition()
        self._closed = False
        self._listens = False
        self._clock = SteadyClock()

    def put(self, job_id: str, priority: int = 0) -> bool:
        """See the port. The job is in the store already; this is to tell of it."""
        with self._changed:
            if self._closed:
                return False
            if job_id in self._taken:
                return True
        try:
            self.store.database.tell([notify(WAITING, job_id)])
            self._hear(job_id)
        except StoreError as error:
            logger.error("job %s waits until it is found: %s", job_id, error)
            return False
        return True

    def take(self, timeout: float | None = None) -> str | None:
        """See the port."""
        self._listen()
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            now = time.monotonic()
            with self._changed:
                if self._closed:
                    return None
                told = self._told
                # What one taker of this process did not find, the others need not look for.
                is_known = self._empty[0] == told and now - self._empty[1] < _POLL
            job_id = None if is_known else self._next()
            if job_id is None and not is_known:
                self._empty = (told, now)
            left = deadline - time.monotonic()
            if job_id is not None or left <= 0:
                return job_id
            with self._changed:
                if self._told == told and not self._closed:
                    self._changed.wait(min(left, _POLL))

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
        """None: an id is taken from the store, which counts how often its job was begun."""
        return []

    def problems(self) -> list[str]:
        """None beside those of the store."""
        return []

    def __len__(self) -> int:
        """See the port."""
        return self.store.count_waiting()

    def _listen(self) -> None:
        with self._changed:
            if not self._listens and not self._closed:
                self._listens = True
                self.store.line.listen(WAITING, self._hear)

    def _hear(self, job_id: str) -> None:
        with self._changed:
            self._told += 1
            # One job needs one taker; the others would only find it gone.
            self._changed.notify()

    def _next(self) -> str | None:
        while True:
            now = self._clock()
            try:
                offered = self.store.offers(now, now - self.reserve, 1)
            except StoreError as error:
                logger.error("no job can be taken: %s", error)
                return None
            if not offered:
                return None
            with self._changed:
                if offered[0].id not in self._taken:
                    self._taken.add(offered[0].id)
                    return offered[0].id
