"""A store that fails just after it has stored something, as when its server dies in that moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.jobs.conftest import TASK, Service
from tests.jobs.leftovers import only_left
from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.accounts import Balance, Bounds
from windstill.jobs.config import Config
from windstill.jobs.engine import Engine
from windstill.jobs.errors import StoreError
from windstill.jobs.model import Job, State
from windstill.jobs.ports import Change


class Unclear(SqliteStore):
    """Stores, and then fails, once for each state named in `fail_at`."""

    fail_at: set[State]

    def submit(self, job: Job, bounds: Bounds) -> tuple[Job, bool]:
        answer = super().submit(job, bounds)
        self._fail(answer[0])
        return answer

    def change(self, job_id: str, change: Change, *, durable: bool = True) -> Job | None:
        changed = super().change(job_id, change, durable=durable)
        if changed is not None:
            self._fail(changed)
        return changed

    def _fail(self, job: Job) -> None:
        if job.state in self.fail_at:
            self.fail_at.discard(job.state)
            raise StoreError("The server is gone.")


@contextmanager
def service(folder: Path, **settings: Any) -> Iterator[tuple[Service, Unclear]]:
    store = Unclear(folder / "jobs.db")
    store.fail_at = set()
    config = Config(
        work_dir=folder / "work",
        reachable=(folder,),
        task=TASK,
        preload=("tests.jobs.tasks",),
        slots=1,
        cpus=1,
        **{"lease": 600.0, **settings},
    )
    blobs = LocalBlobs(folder / "blobs", SignedLinks(b"s" * 32))
    with Engine(config, store, ProcessQueue(99), blobs) as engine:
        yield Service(engine), store


def check_done(folder: Path, found: Service, job: Job, attempts: int) -> None:
    ended = found.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, attempts)
    assert ended.result is not None
    only_left(folder / "blobs", {ended.result.blob})
    assert found.engine.keys.balance(found.key.id) == Balance(None, 15, 0)


def test_a_job_that_was_taken_in_after_all_is_told_so(tmp_path: Path) -> None:
    with service(tmp_path) as (found, store):
        store.fail_at = {State.QUEUED}
        check_done(tmp_path, found, found.submit(), attempts=1)


def test_a_claim_that_was_stored_after_all_is_undone(tmp_path: Path) -> None:
    with service(tmp_path) as (found, store):
        store.fail_at = {State.RUNNING}
        check_done(tmp_path, found, found.submit(), attempts=2)


def test_a_result_that_was_stored_after_all_is_kept(tmp_path: Path) -> None:
    with service(tmp_path) as (found, store):
        store.fail_at = {State.SUCCEEDED}
        check_done(tmp_path, found, found.submit(), attempts=1)
