"""What must happen from time to time: signs of life, second chances, and cleaning up."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

from windstill.errors import WindstillError
from windstill.jobs.clock import Clock
from windstill.jobs.config import Config
from windstill.jobs.errors import StorageError
from windstill.jobs.model import Job
from windstill.jobs.ports import BlobStore, Change, JobQueue, JobStore
from windstill.jobs.removal import Removal
from windstill.jobs.runner import Run, Runner

logger = logging.getLogger("windstill.jobs")

_BATCH = 1000
_ALL = 100_000
_STEP = 200
_FEW = 8
_SHARED_INTERVAL = 0.25
_REPORT_INTERVAL = 0.5
_TIDY_INTERVAL = 600.0
_ORPHAN_AGE = 3600.0


@dataclass
class _Chore:
    do: Callable[[], object]
    period: float
    due: float = 0.0


class Housekeeper:
    """One thread that keeps leases alive and sweeps.

    clock: steady time, of jobs; wall: of what outlives them. changed: called with each job that
    sweeping brought to another state.
    """

    def __init__(
        self,
        config: Config,
        store: JobStore,
        queue: JobQueue,
        blobs: BlobStore,
        runner: Runner,
        clock: Clock,
        wall: Clock,
        changed: Callable[[Job], None],
    ) -> None:
        self.config = config
        self.store = store
        self.queue = queue
        self.blobs = blobs
        self.runner = runner
        self.clock = clock
        self.wall = wall
        self.changed = changed
        interval = min(1.0, config.lease / 3)
        self.interval = interval if config.exclusive else min(_SHARED_INTERVAL, interval)
        self._chores = [_Chore(do, 0.0) for do in (self.renew, self.take_back)]
        seldom = (self.sweep, self.expire, self.bury, self.offer, self.tidy)
        self._chores += [_Chore(do, interval) for do in seldom]
        if not config.exclusive:
            self._chores.append(_Chore(self.report, _REPORT_INTERVAL))
        self._renewed = clock()
        self._tidied = clock()
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._removal = Removal(blobs, clock)
        self._owed: dict[str, int] = {}
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(
            target=self._serve, name="windstill-housekeeper", daemon=True
        )

    def start(self) -> None:
        """Begins to keep house."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def look(self, job_id: str) -> None:
        """Has the thread see at once what another process did to a job that runs here."""
        self._asked.put(job_id)
        self._wake.set()

    def _serve(self) -> None:
        while True:
            self._wake.wait(self.interval)
            if self._stopped:
                return
            self._wake.clear()
            self._try(self._look)
            now = time.monotonic()
            for chore in self._chores:
                if now >= chore.due:
                    chore.due = now + chore.period
                    self._try(chore.do)

    def _try(self, do: Callable[[], object]) -> None:
        name = getattr(do, "__name__", "")
        try:
            do()
        except WindstillError as error:
            logger.error("%s: %s", name, error)
        except Exception:
            logger.exception("%s", name)

    def _look(self) -> None:
        while not self._asked.empty():
            run = self.runner.run_of(self._asked.get())
            if run is not None:
                self._renew(run, self.clock() + self.config.lease)

    def renew(self) -> None:
        """Gives a sign of life for every run, and learns whether it is still wanted."""
        now = self.clock()
        if now - self._renewed < self.config.lease / 3:
            return
        self._renewed = now
        for run in self.runner.runs():
            self._renew(run, now + self.config.lease)

    def report(self) -> None:
        """Lets other processes know how far the jobs are that run here."""
        for run in self.runner.runs():
            if run.reported not in (None, (run.stage, run.fraction)):
                self._renew(run, self.clock() + self.config.lease)

    def _renew(self, run: Run, until: float) -> None:
        run.reported = run.stage, run.fraction
        renewed = self.store.change(
            run.job_id,
            lambda job: job.renewed(run.token, until, run.stage, run.fraction),
            durable=False,
        )
        if renewed is not None and renewed.cancel_requested:
            run.stop("cancelled")
        if renewed is None and run.process is not None:
            job = self.store.job(run.job_id)
            if job is not None and not job.holds(run.token):
                run.stop("abandoned")  # another has it, or it has ended

    def take_back(self) -> int:
        """Takes up again what processes ran that are gone, and fails what their clients waited
        for; returns how many jobs changed.
        """
        now, attempts = self.clock(), self.config.attempts
        swept = 0
        gone = self.store.gone()
        for job in self.store.orphaned(gone, _STEP) if gone else ():
            swept += self._take_back(job.id, lambda job: job.orphaned(gone, now, attempts))
        for job_id, token in self.runner.unclear():
            swept += self._take_back(job_id, partial(_abandoned, token, now, attempts))
            self.runner.cleared(job_id, token)
        return swept

    def _take_back(self, job_id: str, change: Change) -> bool:
        back = self.store.change(job_id, change)
        if back is None:
            return False
        logger.warning("job %s was left by its process and is now %s", back.id, back.state)
        run = self.runner.run_of(job_id)
        if run is not None and back.finished:
            run.stop("abandoned")  # it was not its runner that is gone
        self.changed(back)
        return True

    def sweep(self, *, gone: bool = False) -> int:
        """Takes up or fails what is past its lease or deadline; returns how many jobs changed.

        gone: all of it, as `Job.lapsed` says; else a part, lest other chores be late.
        """
        now = self.clock()
        count = 0
        while found := self.store.overdue(now, _STEP, gone=gone):
            swept = sum(self._lapse(job.id, now, gone=gone) for job in found)
            count += swept
            if not gone or not swept:
                break
        return count

    def grant_time(self) -> None:
        """Lets unfinished jobs wait as long again as they may from the start: while nothing ran
        no time has passed for them, and the clock may have been set meanwhile.
        """
        now = self.clock()
        found = [job.id for job in self.store.overdue(math.inf, _ALL, gone=True)]
        self.store.change_all(found, lambda job: job.granted_time(now))

    def _lapse(self, job_id: str, now: float, *, gone: bool) -> bool:
        swept = self.store.change(
            job_id, lambda job: job.lapsed(now, self.config.attempts, gone=gone)
        )
        if swept is None:
            return False
        logger.warning("job %s was left behind and is now %s", swept.id, swept.state)
        self.changed(swept)
        return True

    def expire(self) -> None:
        """Removes results whose time is over; a part of them, if they are many."""
        now = self.wall()
        # In one order, so that processes that do the same don't wait for each other in a circle.
        found = sorted(job.id for job in self.store.outlived(now, _STEP))
        for job in self.store.change_all(found, lambda job: job.expired(now)) if found else ():
            if job.result is not None:
                self._removal.add(job.result.blobs)
        self._removal.work()

    def put(self, job: Job) -> None:
        """Brings a job that waits now into the queue. Does not fail: the sweeper tries again."""
        try:
            if 0 < self.queue.reoffer < math.inf:
                self._offer(_FEW)
            else:
                self.queue.put(job.id, job.priority)
        except WindstillError as error:
            logger.error("job %s is not in the queue yet: %s", job.id, error)

    def bury(self) -> None:
        """Fails the jobs that the queue has given up."""
        now = self.clock()
        for job_id in self.queue.spoilt():
            failed = self.store.change(job_id, lambda job: job.spoilt(now))
            self.queue.done(job_id)
            if failed is not None:
                logger.error("job %s was delivered too often and has failed", job_id)
                self.changed(failed)

    def offer(self) -> None:
        """Puts waiting jobs into the queue whose message may have been lost."""
        if self.queue.reoffer == 0:
            for job in self.store.waiting(_BATCH):
                if not self.queue.put(job.id, job.priority):
                    return
        elif self.queue.reoffer < math.inf:
            for job_id, priority in list(self._owed.items()):
                if not self.queue.put(job_id, priority):
                    return
                self._owed.pop(job_id, None)
            self._offer(_BATCH)

    def _offer(self, limit: int) -> None:
        now = self.clock()
        is_open = True
        for job in self.store.offers(now, now - self.queue.reoffer, limit):
            is_open = is_open and self.queue.put(job.id, job.priority)
            if not is_open:
                self._owed[job.id] = job.priority

    def tidy(self) -> None:
        """Removes files without a job, and jobs that nobody asks for any more."""
        now = self.clock()
        if now - self._tidied < _TIDY_INTERVAL:
            return
        self._tidied = now
        wall = self.wall()
        self.clear_blobs(wall - _ORPHAN_AGE)
        self.store.forget(wall - self.config.history)
        self.store.forget_nonces(wall)

    def clear_blobs(self, before: float) -> int:
        """Removes files stored before a time that no job needs; returns how many."""
        swept = self.blobs.sweep(self.store.blobs_in_use(), before)
        if swept:
            logger.info("%d files without a job were removed", len(swept))
        return len(swept)

    def drop_upload(self, job: Job) -> None:
        """Removes the uploads of a job that has ended, or was not taken in.

        Does not fail, so that whoever asked for the job is told of that.
        """
        self._drop(job, job.uploads)

    def drop_result(self, job: Job) -> None:
        """Removes the files of a job whose result was taken away. Does not fail."""
        if job.result is not None:
            self._drop(job, job.result.blobs)

    def _drop(self, job: Job, blobs: Iterable[str]) -> None:
        for blob in blobs:
            try:
                self.blobs.delete(blob)
            except StorageError as error:
                logger.error("a file of job %s is left for the sweeper: %s", job.id, error)


def _abandoned(token: str, now: float, attempts: int, job: Job) -> Job | None:
    return job.abandoned(token, now, attempts)
