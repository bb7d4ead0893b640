"""Running one job: claim it, watch its process, store what it made, settle it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from windstill.jobs.clock import Clock
from windstill.jobs.config import Config
from windstill.jobs.errors import BlobMissing, InternalError, StorageError, StoreError
from windstill.jobs.media import SUFFIXES, ending
from windstill.jobs.model import Failure, Job, Lease, Result, new_id
from windstill.jobs.ports import BlobStore, Change, JobStore
from windstill.jobs.stats import Recorder
from windstill.jobs.supervise import (
    Ended,
    ForkServer,
    JobProcess,
    Made,
    MadeFile,
    Order,
    judge,
    linux,
)
from windstill.jobs.supervise.process import Why
from windstill.jobs.supervise.wire import WireError
from windstill.jobs.supervise.worker import LOG, PHOTO
from windstill.jobs.workspace import Workspace

logger = logging.getLogger("windstill.jobs")

FREE_NICENESS = 5
"""Of jobs that cost nothing: beside a paid one they get a quarter of a processor (sched(7)), which
is enough that a preview is seen within seconds while others pay.
"""
_SETTLE_PAUSE = 0.2
_LOOK = 0.05
_DOUBT = 10.0
_SPAWN_PAUSE = 0.5
_SPAWN_TRIES = 10
_LOG_TAIL = 4000


@dataclass(eq=False)
class Run:
    """One job that runs in this process, or is about to. moved: told when it has come farther.
    reported: the stage and fraction that the store was told last; None: it was not begun.
    """

    job_id: str
    token: str
    stage: str | None = None
    fraction: float = 0.0
    free: bool = False
    reported: tuple[str | None, float] | None = None
    why: Why | None = None
    process: JobProcess | None = None
    moved: Callable[[str], None] = lambda job_id: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, why: Why) -> None:
        """Has the job's process ended, now or as soon as it begins."""
        with self._lock:
            self.why = self.why or why
            if self.process is not None:
                self.process.end(why)

    def begin(self, process: JobProcess) -> None:
        """The job's process exists."""
        with self._lock:
            self.process = process
            if self.why is not None:
                process.end(self.why)

    def progress(self, stage: str, fraction: float) -> None:
        """What the process said of itself."""
        self.stage, self.fraction = stage, fraction
        self.moved(self.job_id)


class Runner:
    """Runs jobs in supervised processes; `work` is called by each slot's thread, for one job.

    clock: steady time. wall: the time at which results end. moved: called with a job's id when it
    has begun or come farther; it must not block.
    """

    def __init__(
        self,
        config: Config,
        store: JobStore,
        blobs: BlobStore,
        workspace: Workspace,
        clock: Clock,
        wall: Clock,
        *,
        holder: str,
        cpus: int,
        moved: Callable[[str], None] = lambda job_id: None,
    ) -> None:
        self.config = config
        self.store = store
        self.blobs = blobs
        self.workspace = workspace
        self.clock = clock
        self.wall = wall
        self.holder = holder
        self.cpus = cpus
        self.moved = moved
        self.recorder = Recorder()
        self.free_slots: int | None = None
        """How many jobs that cost nothing run at once; None: any number."""
        self.stopping = threading.Event()
        self.server: ForkServer | None = None
        self._runs: dict[str, Run] = {}
        self._unclear: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def runs(self) -> list[Run]:
        """What runs now."""
        with self._lock:
            return list(self._runs.values())

    def run_of(self, job_id: str) -> Run | None:
        """The run of a job, if it runs here."""
        with self._lock:
            found = [run for run in self._runs.values() if run.job_id == job_id]
        return found[-1] if found else None

    def unclear(self) -> list[tuple[str, str]]:
        """Jobs and tokens of claims that may have been stored, although the store failed."""
        return list(self._unclear)

    def cleared(self, job_id: str, token: str) -> None:
        """The claim was undone, or never was."""
        self._unclear.remove((job_id, token))

    def work(self, job_id: str) -> Job | None:
        """Runs a job from claim to settlement, and returns it as it is then.

        None when it was not to be had: finished, cancelled, or taken by another. A job whose
        runner is stopped, or whose fork server dies, comes back waiting, if it may.
        """
        run = Run(job_id, token=new_id(), moved=self.moved)
        with self._lock:
            # Known before it is claimed, so that no cancellation falls in between.
            self._runs[run.token] = run
        try:
            if self.stopping.is_set():
                return None
            now = self.clock()
            job = self._claim(run, Lease(run.token, self.holder, now + self.config.lease), now)
            if job is None:
                return None
            run.reported = run.stage, run.fraction
            self.moved(job_id)
            return self._run(job, run)
        finally:
            with self._lock:
                del self._runs[run.token]

    def _claim(self, run: Run, lease: Lease, now: float) -> Job | None:
        def claimed(job: Job) -> Job | None:
            if job.free and not self._may_run_free():
                return None  # the sweeper offers it again
            run.free = job.free
            return job.claimed(lease, now)

        try:
            # Undone by a power failure, the claim leaves a job that waits: no harm.
            return self.store.change(run.job_id, claimed, durable=False)
        except StoreError:
            self._unclear.append((run.job_id, run.token))
            raise

    def _may_run_free(self) -> bool:
        """Whether one more job that costs nothing may run: a slot is left for those that are paid
        for, as what runs is not interrupted for them.
        """
        return self.free_slots is None or (
            sum(other.free for other in self.runs()) < self.free_slots
        )

    def _share(self, run: Run) -> int:
        """The processors for a run. Those that are paid for share them as if nothing else ran."""
        sharers = [other for other in self.runs() if run.free or not other.free]
        return max(1, self.cpus // len(sharers))

    def _run(self, job: Job, run: Run) -> Job | None:
        folder = None
        try:
            folder = self.workspace.make(job.id)
            process = self._spawn(job, folder, self._share(run))
            run.begin(process)
            left = job.deadline - self.clock()
            seconds = max(0.0, min(self.config.time_limit, left))
            ended = process.watch(seconds, self.config.grace, run.progress)
            if ended.why == "lost":
                linux.end_all_in(folder)
            settled = self._conclude(job, run, ended, judge(ended, folder, seconds), folder)
            if settled is not None:
                self.recorder.ran(settled, ended)
            return settled
        except WireError as error:
            logger.error("no process for job %s: %s", job.id, error)
            return self._settle(run, self._abandoned(run))
        except (StorageError, BlobMissing) as error:
            logger.error("job %s: %s", job.id, error)
            told = StorageError("A file of the job could not be stored or read.")
            return self._settle(run, self._failed(run, Failure.of(told)))
        except Exception:
            # Whatever it was, the job must not stay unsettled and the slot must go on.
            logger.exception("job %s", job.id)
            return self._settle(run, self._failed(run, _defect()))
        finally:
            if folder is not None:
                self.workspace.remove(folder)

    def _spawn(self, job: Job, folder: Path, threads: int) -> JobProcess:
        if self.server is None:
            raise WireError("the fork server was not started")
        if job.upload is not None:
            self.blobs.fetch(job.upload, folder / PHOTO)
        for name, blob in job.extras.items():
            self.blobs.fetch(blob, folder / name)
        limits = self.config.limits
        allowed = limits.cpu_seconds or math.ceil(self.config.time_limit * threads) + 5
        order = Order(
            task=self.config.task_of(job.kind),
            folder=str(folder),
            payload=job.payload,
            threads=threads,
            nice=FREE_NICENESS if job.free else 0,
            limits={
                "memory": limits.memory,
                "file_size": limits.file_size,
                "open_files": limits.open_files,
                "cpu_seconds": allowed,
            },
        )
        return self._begun(self.server, order)

    def _begun(self, server: ForkServer, order: Order) -> JobProcess:
        """The job's process; waits a little where handles or processes are scarce."""
        for _ in range(_SPAWN_TRIES):
            try:
                return server.spawn(order)
            except WireError as error:
                logger.warning("no process for a job yet: %s", error)
                if self.stopping.wait(_SPAWN_PAUSE):
                    break
        return server.spawn(order)

    def _conclude(
        self, job: Job, run: Run, ended: Ended, verdict: Made | Failure, folder: Path
    ) -> Job | None:
        if ended.why in ("abandoned", "lost"):
            return self._settle(run, self._abandoned(run))
        if ended.why == "cancelled":
            return self._settle(run, lambda job: job.stopped(run.token, self.clock()))
        if isinstance(verdict, Failure):
            self._log_failure(job, verdict, folder)
            return self._settle(run, self._failed(run, verdict))
        return self._publish(job, run, verdict)

    def _publish(self, job: Job, run: Run, made: Made) -> Job | None:
        if not {file.mime for file in made.files} <= SUFFIXES.keys():
            return self._settle(run, self._failed(run, _defect()))
        # First the files, then the state: a job that succeeded always has its result. A file
        # without a job is found by the sweeper.
        blob, size = self._store(made.main)
        extras = {name: self._store(file)[0] for name, file in made.extras.items()}
        result = Result(blob, made.main.mime, size, made.facts, extras)
        self._await_acceptor(job, run)
        now, end = self.clock(), self.wall() + self.config.ttl_of(job.kind)
        settled = self._settle(run, lambda job: job.succeeded(run.token, result, now, end))
        return settled or self._unless_settled(run, result)

    def _await_acceptor(self, job: Job, run: Run) -> None:
        """Returns when the process at which the job's client waits is seen, lest the client be
        charged for what nobody can answer.

        If it is gone, the job is soon found to be an orphan, and no longer this run's. In doubt,
        for want of anybody who finds that out, the job has succeeded.
        """
        name = job.accepted_by
        if name is None or name == self.holder or self.config.exclusive:
            return
        deadline = time.monotonic() + _DOUBT
        with suppress(StoreError):  # settling meets it, too
            while not self.store.present(name) and time.monotonic() < deadline:
                found = self.store.job(job.id)
                if found is None or not found.holds(run.token) or self.stopping.wait(_LOOK):
                    return

    def _unless_settled(self, run: Run, result: Result) -> Job | None:
        """Removes a result that nobody wants; the job, if it has it after all.

        A store that failed just when it had stored the result answers the second time that there
        is nothing to do.
        """
        try:
            job = self.store.job(run.job_id)
        except StoreError:
            return None  # the sweeper removes what no job has
        if job is not None and job.result is not None and job.result.blob == result.blob:
            return job
        for name in result.blobs:
            self.blobs.delete(name)
        return None

    def _store(self, file: MadeFile) -> tuple[str, int]:
        """The name of the blob that a file became, and its bytes."""
        blob = f"results/{new_id()}{new_id()}{ending(file.path.name, file.mime)}"
        return blob, self.blobs.put(blob, file.path, mime=file.mime).size

    def _settle(self, run: Run, change: Change) -> Job | None:
        """Applies a change that ends the run; None when another has taken the job over.

        A store that is unusable for a while only delays it. If the service stops before it
        recovers, the next start finds the job still running, and settles it.
        """
        while True:
            try:
                return self.store.change(run.job_id, change)
            except StoreError as error:
                logger.error("job %s can't be settled yet: %s", run.job_id, error)
                if self.stopping.is_set():
                    return None
                time.sleep(_SETTLE_PAUSE)

    def _abandoned(self, run: Run) -> Change:
        # Where processes share the jobs, the connection that one is attached to is another's.
        gone = self.stopping.is_set() and self.config.exclusive
        return lambda job: job.abandoned(run.token, self.clock(), self.config.attempts, gone=gone)

    def _failed(self, run: Run, failure: Failure) -> Change:
        return lambda job: job.failed(run.token, failure, self.clock())

    def _log_failure(self, job: Job, failure: Failure, folder: Path) -> None:
        if failure.code not in ("job_crashed", "internal_error", "job_out_of_memory"):
            logger.info("job %s failed: %s", job.id, failure.code)
            return
        try:
            told = (folder / LOG).read_bytes()[-_LOG_TAIL:].decode(errors="replace")
        except OSError:
            told = ""
        logger.error("job %s failed: %s: %s\n%s", job.id, failure.code, failure.message, told)

    def live(self, job: Job) -> Job:
        """The job with its progress of this moment, if it runs here."""
        run = self.run_of(job.id)
        if run is None or not job.holds(run.token):
            return job
        return replace(job, stage=run.stage, fraction=run.fraction)


def _defect() -> Failure:
    return Failure.of(InternalError("The job could not be done. Please try again."))
