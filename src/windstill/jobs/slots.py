"""The threads that take jobs from the queue, one for each slot."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from windstill.errors import WindstillError
from windstill.jobs.model import Job
from windstill.jobs.ports import JobQueue
from windstill.jobs.runner import Runner

logger = logging.getLogger("windstill.jobs")

_PAUSE = 0.5


class Slots:
    """Runs at most `count` jobs at once. A slot is free again when its job's process is gone.

    settled: called with each job that a run brought to its end, or back to the queue.
    """

    def __init__(
        self, count: int, queue: JobQueue, runner: Runner, settled: Callable[[Job], None]
    ) -> None:
        self.count = count
        self._queue = queue
        self._runner = runner
        self._settled = settled
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"windstill-slot-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begins to take jobs."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Takes no more jobs."""
        self._closing.set()
        self._queue.close()

    def join(self, timeout: float | None) -> bool:
        """Waits until nothing runs any more; whether that came about in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                thread.join(left)
        return not any(thread.is_alive() for thread in self._threads)

    def all_alive(self) -> bool:
        """Whether every slot still works."""
        return all(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                self._serve_next()
            except Exception:
                # A defect may cost a job its run, but never the slot.
                logger.exception("a slot goes on after a defect")
                self._closing.wait(_PAUSE)

    def _serve_next(self) -> None:
        job_id = self._queue.take(timeout=_PAUSE)
        if job_id is None:
            return
        job = None
        try:
            job = self._runner.work(job_id)
        except WindstillError as error:
            # Not claimed: it still waits in the store, and the sweeper offers it again.
            logger.error("job %s could not be taken up: %s", job_id, error)
            self._closing.wait(_PAUSE)
        except Exception:
            logger.exception("job %s", job_id)
        finally:
            self._queue.done(job_id)
        if job is not None:
            self._settled(job)
