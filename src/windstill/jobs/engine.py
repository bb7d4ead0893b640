"""The engine: takes jobs in, has them run, and settles each of them exactly once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windstill.jobs.config import Config
from windstill.jobs.keys import KeyRing
from windstill.jobs.model import Job
from windstill.jobs.ports import BlobStore, JobQueue, JobStore
from windstill.jobs.stats import Stats

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A request for a job.

    photo: the upload, as bytes or as a file that is copied. payload: what the task is told, as
    made by `windstill.jobs.task.payload`. attached: the caller waits on an open connection.
    priority: higher runs first. cost: credits; None: the configured cost.
    idempotency_key: equal submissions of one key with the same idempotency key make one job.
    patience: seconds until an unfinished job is failed; None: as configured.
    """

    key_id: str
    photo: bytes | Path = field(repr=False)
    payload: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "animate"
    attached: bool = False
    priority: int = 0
    cost: int | None = None
    idempotency_key: str | None = None
    patience: float | None = None


class Engine:
    """Jobs of one service process. All methods may be called from any thread.

    The blocking ones take about a millisecond (a durable transaction), except `wait`, `drain`
    and `stop`; those named `..._async` do not block an event loop.
    """

    keys: KeyRing

    def __init__(
        self,
        config: Config,
        store: JobStore,
        queue: JobQueue,
        blobs: BlobStore,
        *,
        clock: Clock = time.time,
    ) -> None: ...

    def start(self) -> None:
        """Locks the work folder, recovers what a former service left, and begins to run jobs.

        Raises `DataFolderBusy` when another service works in the folder.
        """

    def recover(self) -> int:
        """Puts unfinished jobs back into the queue or fails them, and removes orphaned files.

        Called by `start`. Returns how many jobs it changed.
        """

    def submit(self, request: Submission) -> Job:
        """Takes a job in, or raises the refusal that applies; then nothing was stored.

        Refusals: `Draining`, `RateLimited`, `QueueFull`, `TooManyRunning`,
        `InsufficientCredits`, `IdempotencyConflict`, `RevokedKey`, `UnknownKey`.
        """

    async def submit_async(self, request: Submission) -> Job:
        """`submit`, without blocking the event loop."""

    def job(self, job_id: str, key_id: str | None = None) -> Job:
        """The job, with its progress of this moment. Raises `UnknownJob`, also for a job of
        another key than `key_id`.
        """

    def jobs(
        self, key_id: str, *, limit: int = 50, before: tuple[float, str] | None = None
    ) -> list[Job]:
        """A key's jobs, newest first."""

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it is finished, or as it is after `timeout` seconds."""

    async def wait_async(self, job_id: str, timeout: float | None = None) -> Job:
        """`wait`, without blocking the event loop; may be cancelled at any time."""

    def cancel(self, job_id: str, key_id: str | None = None) -> Job:
        """Asks a job to stop: a waiting one is cancelled at once, a running one within moments.

        A finished job stays as it is. Raises `UnknownJob`.
        """

    def drain(self, timeout: float) -> bool:
        """Takes nothing new, lets running jobs finish for `timeout` seconds, then stops.

        Waiting jobs stay for the next start, except those attached to a connection, which fail.
        Returns whether all that ran was finished.
        """

    def stop(self) -> None:
        """Stops at once: what runs is ended and taken up again at the next start."""

    def stats(self) -> Stats:
        """Figures for metrics, since the engine was created."""
