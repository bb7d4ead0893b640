"""Waking those who wait for a job's end, or for its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Callback = Callable[[], None]


class Watchers:
    """Callbacks by job id; called from the thread in which the news became known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: dict[str, list[Callback]] = {}

    @contextmanager
    def watching(self, job_id: str, callback: Callback) -> Iterator[None]:
        """Inside, `callback` is called when there is news of the job. It must not block."""
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

    def tell(self, job_id: str) -> None:
        """Calls those who wait for news of this job."""
        with self._lock:
            callbacks = list(self._callbacks.get(job_id, ()))
        for callback in callbacks:
            with suppress(RuntimeError):  # an event loop may have been closed meanwhile
                callback()
