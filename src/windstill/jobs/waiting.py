"""Waiting for a job's end, or following it there."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from contextlib import suppress

from windstill.jobs.model import Job
from windstill.jobs.watch import Watchers

_POLL = 1.0
"""Seconds between looks at a job that may run in another process."""


class Waiting:
    """Tells callers what becomes of jobs. look: a job as it is now. threads: for looking, where
    a caller must not block.

    ends, steps: to be told when a job has ended, and when it has come farther.
    """

    def __init__(self, look: Callable[[str], Job], threads: Executor) -> None:
        self._look = look
        self._threads = threads
        self.ends = Watchers()
        self.steps = Watchers()

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it is finished, or as it is after `timeout` seconds."""
        ended = threading.Event()
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.ends.watching(job_id, ended.set):
            while True:
                job = self._look(job_id)
                left = _POLL if deadline is None else deadline - time.monotonic()
                if job.finished or left <= 0:
                    return job
                ended.wait(min(left, _POLL))
                ended.clear()

    async def wait_async(self, job_id: str, timeout: float | None = None) -> Job:
        """`wait`, without blocking the event loop; may be cancelled at any time."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        deadline = None if timeout is None else loop.time() + timeout

        def wake() -> None:
            loop.call_soon_threadsafe(ended.set)

        with self.ends.watching(job_id, wake):
            while True:
                job = await loop.run_in_executor(self._threads, self._look, job_id)
                left = _POLL if deadline is None else deadline - loop.time()
                if job.finished or left <= 0:
                    return job
                try:
                    await asyncio.wait_for(ended.wait(), min(left, _POLL))
                except TimeoutError:
                    continue
                ended.clear()

    async def follow(self, job_id: str) -> AsyncGenerator[Job]:
        """The job as it is, and again when it has come farther, at last when it is finished.

        Also from time to time when there is no news, so that a caller can tell it is alive.
        """
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        with self.steps.watching(job_id, wake), self.ends.watching(job_id, wake):
            while True:
                job = await loop.run_in_executor(self._threads, self._look, job_id)
                yield job
                if job.finished:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), _POLL)
                news.clear()
