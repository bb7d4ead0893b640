"""What must happen from time to time: signs of life, second chances, and cleaning up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from windstill.errors import WindstillError
from windstill.jobs.config import Config
from windstill.jobs.errors import StorageError
from windstill.jobs.model import Job
from windstill.jobs.ports import BlobStore, JobQueue, JobStore
from windstill.jobs.runner import Run, Runner

logger = logging.getLogger("windstill.jobs")

_BATCH = 1000
_TIDY_INTERVAL = 600.0
_ORPHAN_AGE = 3600.0


class Housekeeper:
    """One thread that keeps leases alive and sweeps.

    changed: called with each job that sweeping brought to another state.
    """

    def __init__(
        self,
        config: Config,
        store: JobStore,
        queue: JobQueue,
        blobs: BlobStore,
        runner: Runner,
        clock: Callable[[], float],
        changed: Callable[[Job], None],
    ) -> None:
        self.config = config
        self.store = store
        self.queue = queue
        self.blobs = blobs
        self.runner = runner
        self.clock = clock
        self.changed = changed
        self.interval = min(1.0, config.lease / 3)
        self._renewed = clock()
        self._tidied = clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, name="windstill-housekeeper", daemon=True
        )

    def start(self) -> None:
        """Begins to keep house."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        while not self._stop.wait(self.interval):
            for chore in (self.renew, self.sweep, self.expire, self.offer, self.tidy):
                try:
                    chore()
                except WindstillError as error:
                    logger.error("%s: %s", chore.__name__, error)
                except Exception:
                    logger.exception("%s", chore.__name__)

    def renew(self) -> None:
        """Gives a sign of life for every run, and learns whether it is still wanted."""
        now = self.clock()
        if now - self._renewed < self.config.lease / 3:
            return
        self._renewed = now
        for run in self.runner.runs():
            self._renew(run, now + self.config.lease)

    def _renew(self, run: Run, until: float) -> None:
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

    def sweep(self, *, gone: bool = False) -> int:
        """Takes up or fails what is past its lease or deadline; returns how many jobs changed."""
        now = self.clock()
        count = 0
        for job in self.store.overdue(now, gone=gone):
            swept = self.store.change(
                job.id, lambda job: job.lapsed(now, self.config.attempts, gone=gone)
            )
            if swept is not None:
                count += 1
                logger.warning("job %s was left behind and is now %s", swept.id, swept.state)
                self.changed(swept)
        return count

    def expire(self) -> None:
        """Removes results whose time is over."""
        now = self.clock()
        for job in self.store.outlived(now):
            expired = self.store.change(job.id, lambda job: job.expired(now))
            if expired is not None and expired.result is not None:
                for blob in expired.result.blobs:
                    self.blobs.delete(blob)

    def offer(self) -> None:
        """Puts every waiting job into the queue, in case its message was lost."""
        for job in self.store.waiting(_BATCH):
            if not self.queue.put(job.id, job.priority):
                return

    def tidy(self) -> None:
        """Removes files without a job, and jobs that nobody asks for any more."""
        now = self.clock()
        if now - self._tidied < _TIDY_INTERVAL:
            return
        self._tidied = now
        self.clear_blobs(now - _ORPHAN_AGE)
        self.store.forget(now - self.config.history)

    def clear_blobs(self, before: float) -> int:
        """Removes files stored before a time that no job needs; returns how many."""
        swept = self.blobs.sweep(self.store.blobs_in_use(), before)
        if swept:
            logger.info("%d files without a job were removed", len(swept))
        return len(swept)

    def drop_upload(self, job: Job) -> None:
        """Removes what is left of the uploads of a job that has ended."""
        if not job.finished:
            return
        try:
            for blob in job.uploads:
                self.blobs.delete(blob)
        except StorageError as error:
            logger.error("an upload of job %s is left for the sweeper: %s", job.id, error)
