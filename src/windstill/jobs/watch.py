"""Waking those who wait for a job's end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from windstill.jobs.model import Job

Callback = Callable[[Job], None]


class Watchers:
    """Callbacks by job id; called from the thread in which the job's end became known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: dict[str, list[Callback]] = {}

    @contextmanager
    def watching(self, job_id: str, callback: Callback) -> Iterator[None]:
        """Inside, `callback` is called with the job once it is finished. It must not block."""
        with self._lock:
            self._callbacks.setdefault(job_id, []).append(callback)
        try:
            yield
        finally:
            with self._lock:
                callbacks = self._callbacks[job_id]
                callbacks.remove(callback)
                if not callbacks:
                    del self._callbacks[job_id]

    def tell(self, job: Job) -> None:
        """Calls those who wait for this finished job."""
        with self._lock:
            callbacks = list(self._callbacks.get(job.id, ()))
        for callback in callbacks:
            with suppress(RuntimeError):  # an event loop may have been closed meanwhile
                callback(job)
