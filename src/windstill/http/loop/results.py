"""Which job makes what an address asks for: one, for as long as its result can be had.

Jobs are found again by their idempotency keys: the name of what is asked for, the span of time in
which it was asked for, as long as a result lives, and how often that was tried. A result of the
span before is as good until it expires.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from windstill.http.refusals import failure_of
from windstill.jobs.engine import Engine
from windstill.jobs.errors import EngineError, IdempotencyConflict
from windstill.jobs.model import Job, State

RETRY_SECONDS = 2
_TRIES = 3
"""Of what failed by no fault of the photo, in one span of time."""

Make = Callable[[str], Awaitable[Job]]
"""Makes the job of an idempotency key."""


class Results:
    """Finds jobs or has them made; of many who ask for the same at the same time, one makes it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._making: dict[tuple[str, str], asyncio.Task[Job]] = {}

    async def find(self, key_id: str, kind: str, name: str, make: Make) -> Job:
        """The job of this name. Raises what `make` raises."""
        found = await self._engine.call(self._look, key_id, kind, name)
        if isinstance(found, Job):
            return found
        mine = (key_id, found)
        if mine not in self._making:
            task = asyncio.ensure_future(self._made(key_id, found, make))
            self._making[mine] = task
            task.add_done_callback(lambda done: self._forget(mine, done))
        # Who leaves takes nothing from the others.
        return await asyncio.shield(self._making[mine])

    def _forget(self, mine: tuple[str, str], done: asyncio.Task[Job]) -> None:
        del self._making[mine]
        if not done.cancelled():
            done.exception()  # told to whoever still waits; nobody may

    async def _made(self, key_id: str, name: str, make: Make) -> Job:
        try:
            return await make(name)
        except IdempotencyConflict:
            # Another process was quicker, and the source gave it another photo.
            job = await self._engine.call(self._engine.store.job_named, key_id, name)
            if job is None:
                raise
            return job

    def _look(self, key_id: str, kind: str, name: str) -> Job | str:
        """The job that there is, or the idempotency key of the one to be made."""
        span = int(self._engine.clock() // self._engine.config.ttl_of(kind))
        for when in (span - 1, span):
            for attempt in range(_TRIES):
                tried = f"loop {name} {when} {attempt}"
                job = self._engine.store.job_named(key_id, tried)
                if job is None:
                    break
                last = when == span and attempt == _TRIES - 1
                if _is_good(job, self._engine.clock()) or (when == span and _is_final(job)) or last:
                    return job
        return tried


def _is_good(job: Job, now: float) -> bool:
    """Whether it has a result, or may yet have one."""
    alive = job.expires_at is not None and now < job.expires_at
    return not job.finished or (job.state is State.SUCCEEDED and alive)


def _is_final(job: Job) -> bool:
    """Whether trying again would fail again: because of the photo, not of the service."""
    return job.state is State.FAILED and not isinstance(failure_of(job.failure), EngineError)
