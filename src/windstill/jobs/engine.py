"""The engine: takes jobs in, has them run, and settles each of them exactly once."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from windstill.errors import WindstillError
from windstill.jobs.accounts import Bounds, Key, admit
from windstill.jobs.clock import Clock, SteadyClock
from windstill.jobs.config import Config
from windstill.jobs.cpus import usable_cpus
from windstill.jobs.errors import (
    BlobMissing,
    Draining,
    StoreError,
    UnknownJob,
    UnknownKey,
)
from windstill.jobs.housekeeping import Housekeeper
from windstill.jobs.keys import KeyRing
from windstill.jobs.model import ANIMATE, FREE_KINDS, Job, State, new_id
from windstill.jobs.ports import BlobStore, JobQueue, JobStore
from windstill.jobs.rate import TokenBuckets
from windstill.jobs.runner import Runner
from windstill.jobs.slots import Slots
from windstill.jobs.stats import Stats
from windstill.jobs.submission import Submission
from windstill.jobs.supervise import ForkServer, SparePlan
from windstill.jobs.supervise.sandbox import Confinement
from windstill.jobs.vitals import Vitals
from windstill.jobs.waiting import Waiting
from windstill.jobs.workspace import Workspace

__all__ = ["Clock", "Engine", "Submission"]

T = TypeVar("T")

_THREADS = 16
"""For submissions, and for calls of the store: these take about a millisecond each."""
_GUESS = 3.0
"""Seconds a job is assumed to take before any was seen."""


class Engine:
    """Jobs of one service process. All methods may be called from any thread.

    clock: wall time. steady: time that doesn't jump, by which jobs wait and run; None: made from
    wall time.

    The blocking ones take about a millisecond (a durable transaction), except `wait`, `drain`,
    `stop` and `close`; those named `..._async` do not block an event loop. As a context manager
    it starts, and closes.
    """

    def __init__(
        self,
        config: Config,
        store: JobStore,
        queue: JobQueue,
        blobs: BlobStore,
        *,
        clock: Clock = time.time,
        steady: Clock | None = None,
    ) -> None:
        self.config = config
        self.store = store
        self.queue = queue
        self.blobs = blobs
        self.clock = clock
        # Who brings a clock of his own means it for everything.
        self.steady = steady or (SteadyClock() if clock is time.time else clock)
        self.keys = KeyRing(store, clock)
        cpus = usable_cpus() if config.cpus is None else config.cpus
        slots = cpus if config.slots is None else config.slots
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{new_id()[:8]}"
        self._workspace = Workspace(config.work_dir)
        # Storing an upload may take long, where files are elsewhere; looking at a job must not.
        self._submitting = ThreadPoolExecutor(_THREADS, "windstill-submit")
        self._calling = ThreadPoolExecutor(_THREADS, "windstill-call")
        self._waiting = Waiting(self.job, self._calling)
        self._runner = Runner(
            config,
            store,
            blobs,
            self._workspace,
            self.steady,
            clock,
            holder=self._holder,
            cpus=cpus,
            moved=self._waiting.steps.tell,
        )
        # Where ids travel by messages, one that is passed over would come back late.
        if queue.reoffer == 0:
            self._runner.free_slots = max(1, slots - 1)
        self._slots = Slots(slots, queue, self._runner, self._changed)
        self._housekeeper = Housekeeper(
            config, store, queue, blobs, self._runner, self.steady, clock, self._changed
        )
        self._vitals = Vitals(store, blobs, self._workspace)
        self._buckets = TokenBuckets()
        self._attached: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ending = threading.Lock()
        self._started = False
        self._draining = False

    def start(self) -> None:
        """Locks the work folder, recovers what a former service left, and begins to run jobs.

        Raises `DataFolderBusy` when another service works in the folder.
        """
        self._workspace.lock()
        try:
            if not self.config.exclusive:
                self.store.news(self._heard)
                self.store.enlist(self._holder)
            self.recover()
            if self._slots.count:
                server = ForkServer(
                    self.config.preload,
                    self._workspace.lock_handle,
                    self._spare_plan(),
                    self._confinement(),
                )
                server.start()
                self._runner.server = server
        except BaseException:
            self._workspace.unlock()
            raise
        self._started = True
        self._slots.start()
        self._housekeeper.start()
        self._vitals.start()

    def _confinement(self) -> Confinement:
        work = self.config.work_dir
        hidden, reachable = self.config.hidden or work, self.config.reachable
        return Confinement(str(hidden), str(work), tuple(map(str, reachable)))

    def _spare_plan(self) -> SparePlan | None:
        if not self.config.spares:
            return None
        return SparePlan(
            warm_up=self.config.warm_up,
            most=min(self.config.spares, self._slots.count),
            slots=self._slots.count,
            cpus=self._runner.cpus,
            idle=self.config.spare_idle,
        )

    def recover(self) -> int:
        """Puts unfinished jobs back into the queue or fails them, and removes orphaned files.

        Called by `start`. Returns how many jobs it changed.
        """
        self._workspace.clear()
        if self.config.exclusive:
            self._housekeeper.grant_time()
        changed = self._housekeeper.sweep(gone=self.config.exclusive)
        self._housekeeper.expire()
        if self.config.exclusive:
            self._housekeeper.clear_blobs(float("inf"))
        self._housekeeper.offer()
        return changed

    def submit(self, request: Submission) -> Job:
        """Takes a job in, or raises the refusal that applies; then nothing was stored.

        Refusals: `Draining`, `RateLimited`, `QueueFull`, `TooManyRunning`,
        `InsufficientCredits`, `IdempotencyConflict`, `RevokedKey`, `UnknownKey`; and
        `InvalidOption` for an idempotency key that is too long or not printable.
        """
        try:
            return self._submit(request)
        except WindstillError as error:
            self._runner.recorder.refused(error.code)
            raise

    def check(
        self,
        key: Key,
        *,
        kind: str = ANIMATE,
        cost: int | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        """Raises the refusal of `submit` that can be told without the photo, as things are now."""
        try:
            self._check_open()
            rate = self._rate(key)
            if rate is not None:
                self._buckets.check(key.id, rate, max(1, self.config.burst), self.steady())
            self._admit(key.id, kind, cost, idempotency_key)
        except WindstillError as error:
            self._runner.recorder.refused(error.code)
            raise

    async def submit_async(self, request: Submission) -> Job:
        """`submit`, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._submitting, self.submit, request)

    async def call(self, function: Callable[..., T], *arguments: object) -> T:
        """A short call of the store, in threads that nothing else can hold up."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._calling, function, *arguments)

    def job(self, job_id: str, key_id: str | None = None) -> Job:
        """The job, with its progress of this moment.

        Raises `UnknownJob`, also for a job of another key than `key_id`.
        """
        job = self.store.job(job_id) if job_id.isascii() else None
        if job is None or (key_id is not None and job.key_id != key_id):
            raise UnknownJob("There is no such job.")
        return self._runner.live(job)

    def jobs(
        self,
        key_id: str,
        *,
        kind: str | None = None,
        limit: int = 50,
        before: tuple[float, str] | None = None,
    ) -> list[Job]:
        """A key's jobs, newest first.

        kind: only of this one. before: (created_at, id) of the last one already seen.
        """
        found = self.store.jobs(key_id, kind=kind, limit=limit, before=before)
        return [self._runner.live(job) for job in found]

    def link(self, job: Job, extra: str | None = None) -> str:
        """The address of a job's result, good until `job.expires_at`. Raises `BlobMissing`.

        extra: of the result's extra file of this name instead.
        """
        if job.state is not State.SUCCEEDED or job.result is None or job.expires_at is None:
            raise BlobMissing("The job has no result, or no more.")
        blob = job.result.blob if extra is None else job.result.extras[extra]
        return self.blobs.link(blob, expires_at=job.expires_at)

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it is finished, or as it is after `timeout` seconds."""
        return self._waiting.wait(job_id, timeout)

    async def wait_async(self, job_id: str, timeout: float | None = None) -> Job:
        """`wait`, without blocking the event loop; may be cancelled at any time."""
        return await self._waiting.wait_async(job_id, timeout)

    def follow(self, job_id: str) -> AsyncGenerator[Job]:
        """The job as it is, and again when it has come farther, at last when it is finished.

        Also from time to time when there is no news, so that a caller can tell it is alive.
        """
        return self._waiting.follow(job_id)

    def cancel(self, job_id: str, key_id: str | None = None) -> Job:
        """Asks a job to stop: a waiting one is cancelled at once, a running one within moments.

        A finished job stays as it is. Raises `UnknownJob`.
        """
        self.job(job_id, key_id)
        now = self.steady()
        job = self.store.change(job_id, lambda job: job.cancelled(now))
        if job is None:
            return self.job(job_id)
        run = self._runner.run_of(job_id)
        if job.finished:
            self._changed(job)
        elif run is not None:
            run.stop("cancelled")
        return job

    def erase(self, job_id: str, key_id: str | None = None) -> Job:
        """Takes a job's result away at once, and with it all links to it.

        A job without a result stays as it is. Raises `UnknownJob`.
        """
        self.job(job_id, key_id)
        now = self.clock()
        job = self.store.change(job_id, lambda job: job.erased(now))
        if job is None:
            return self.job(job_id)
        self._housekeeper.drop_result(job)
        return job

    @property
    def draining(self) -> bool:
        """Whether the engine takes nothing new."""
        return self._draining

    def drain(self, timeout: float) -> bool:
        """Takes nothing new, lets running jobs finish for `timeout` seconds, then stops.

        Waiting jobs stay for the next start, except those attached to a connection, which fail.
        Returns whether all that ran was finished.
        """
        self._draining = True
        self._slots.close()
        with self._lock:
            attached = list(self._attached)
        for job_id in attached:
            self._interrupt(job_id)
        finished = self._slots.join(timeout)
        self._shut_down()
        return finished

    def stop(self) -> None:
        """Stops at once: what runs is ended and taken up again at the next start."""
        self.drain(0)

    def close(self) -> None:
        """Stops, and lets go of the store."""
        self.stop()
        self._submitting.shutdown(wait=False, cancel_futures=True)
        self._calling.shutdown(wait=False, cancel_futures=True)
        self.store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def healthy(self) -> list[str]:
        """What is wrong with the engine, in words; nothing when it is ready for work."""
        problems = []
        if not self._started or self._draining:
            problems.append("the engine is draining" if self._draining else "not started")
        elif not self._slots.all_alive() or not self._housekeeper.alive:
            problems.append("a thread of the engine has died")
        server = self._runner.server
        if server is not None:
            problems += server.problems
        return [*problems, *self._vitals.problems(), *self.queue.problems()]

    def stats(self) -> Stats:
        """Figures for metrics, since the engine was created."""
        server = self._runner.server
        return self._runner.recorder.snapshot(
            waiting=self.store.count_waiting(),
            running=len(self._runner.runs()),
            slots=self._slots.count,
            draining=self._draining,
            restarts=0 if server is None else max(0, server.starts - 1),
        )

    def _submit(self, request: Submission) -> Job:
        self._check_open()
        key = self.store.key(request.key_id)
        if key is None:
            raise UnknownKey("There is no such key.")
        rate = self._rate(key)
        if rate is not None:
            self._buckets.take(key.id, rate, max(1, self.config.burst), self.steady())
        job = request.to_job(self.config, self.steady(), self._holder)
        # Before it is stored, so that a flood is not written to the disk first.
        bounds = self._admit(key.id, job.kind, job.cost, job.idempotency_key)
        try:
            for name, content in request.contents(job).items():
                # Nobody waits any more for an attached job after a power failure.
                self.blobs.put(name, content, durable=not job.attached)
            stored, is_new = self.store.submit(job, bounds)
        except StoreError:
            if self._is_stored(job):
                return self._taken_in(job)
            raise
        except BaseException:
            self._housekeeper.drop_upload(job)
            raise
        if not is_new:
            self._housekeeper.drop_upload(job)
            return stored
        return self._taken_in(stored)

    def _is_stored(self, job: Job) -> bool:
        """Whether the store took a job in although it failed; its uploads go if it did not."""
        try:
            stored = self.store.job(job.id) is not None
        except StoreError:
            return False  # the sweeper removes the uploads if there is no job
        if not stored:
            self._housekeeper.drop_upload(job)
        return stored

    def _check_open(self) -> None:
        if self._draining:
            raise Draining("The service is about to stop.", retry_after=5.0)
        if self._vitals.problems():
            # At once, lest every caller finds out by waiting; what it is, is for the operator.
            raise StoreError("The service can't take jobs now. Please try again later.")

    def _rate(self, key: Key) -> float | None:
        return self.config.rate if key.rate is None else key.rate

    def _admit(
        self, key_id: str, kind: str, cost: int | None, idempotency_key: str | None
    ) -> Bounds:
        """What admission of a job is held to; raises the refusal that applies already."""
        free = kind in FREE_KINDS
        standing = self.store.standing(key_id, free=free, idempotency_key=idempotency_key)
        waiting = 0 if standing is None else standing.queued
        seconds = self._runner.recorder.process.mean or _GUESS
        estimate = (waiting + 1) * seconds / max(1, self._slots.count)
        places = self.config.queue_size
        bounds = Bounds(
            queue=max(1, places // 2) if free else places,
            own_queue=max(1, places // 4) if free else None,
            job_limit=self.config.job_limit,
            retry_after=min(60.0, max(1.0, estimate)),
        )
        if standing is not None:
            admit(self.config.cost if cost is None else cost, standing, bounds)
        return bounds

    def _taken_in(self, job: Job) -> Job:
        if job.attached:
            with self._lock:
                # One that ended elsewhere is not told to this process for certain.
                alive = self._attached.items()
                self._attached = {name: end for name, end in alive if end > job.created_at}
                self._attached[job.id] = job.deadline
        self._housekeeper.put(job)
        if self._draining and job.attached:
            self._interrupt(job.id)
        return job

    def _interrupt(self, job_id: str) -> None:
        now = self.steady()
        job = self.store.change(job_id, lambda job: job.interrupted(now))
        if job is not None:
            self._changed(job)

    def _changed(self, job: Job) -> None:
        """A job came to another state in this process."""
        if job.state is State.QUEUED:
            self._housekeeper.put(job)
        if not job.finished:
            return
        with self._lock:
            self._attached.pop(job.id, None)
        self._housekeeper.drop_upload(job)
        self._runner.recorder.finished(job)
        self._waiting.ends.tell(job.id)

    def _heard(self, job_id: str) -> None:
        """Another process changed a job."""
        if self._runner.run_of(job_id) is not None:
            self._housekeeper.look(job_id)
        self._waiting.steps.tell(job_id)
        self._waiting.ends.tell(job_id)

    def _shut_down(self) -> None:
        self._runner.stopping.set()
        for run in self._runner.runs():
            run.stop("abandoned")
        self._slots.join(None)
        # A drain that another thread hastens by stopping ends here, too.
        with self._ending:
            self._vitals.stop()
            self._housekeeper.stop()
            if self._runner.server is not None:
                self._runner.server.close()
            self._workspace.unlock()
