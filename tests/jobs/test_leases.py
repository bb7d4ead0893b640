"""Several processes on one store: what is lost, late, or taken over."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Service, blocked, stored, until
from tests.jobs.leftovers import files_below, processes_in
from windstill.adapters.embedded import open_store
from windstill.jobs.accounts import Bounds
from windstill.jobs.model import Job, Lease, State, new_id

Start = Callable[..., Service]


def test_a_lost_message_is_a_delay_only(start: Start) -> None:
    service = start(lease=0.3)
    now = service.engine.clock()
    upload = f"uploads/{new_id()}"
    service.engine.blobs.put(upload, b"photo")
    job = Job(id=new_id(), key_id=service.key.id, created_at=now, deadline=now + 60, upload=upload)
    service.engine.store.submit(job, Bounds(queue=9))
    assert service.engine.wait(job.id, 30).state is State.SUCCEEDED


def test_a_long_job_keeps_its_lease(start: Start, tmp_path: Path) -> None:
    service = start(lease=0.3)
    go = tmp_path / "go"
    job = blocked(service, go)
    begun = stored(service, job).lease
    assert begun is not None
    until(lambda: (stored(service, job).lease or begun).until > begun.until + 0.6)
    assert stored(service, job).stage == "photo"
    go.touch()
    ended = service.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 1)


def test_a_cancellation_by_another_process_arrives(start: Start, tmp_path: Path) -> None:
    service = start(lease=0.3)
    job = blocked(service, tmp_path / "never")
    service.engine.store.change(job.id, lambda job: job.cancelled(service.engine.clock()))
    assert service.engine.wait(job.id, 30).state is State.CANCELLED


def take_over(service: Service, job: Job) -> None:
    """Has another machine believe the runner dead, and claim its job."""
    now = service.engine.clock()
    service.engine.store.change_all(
        [job.id],
        lambda job: replace(job, lease=Lease("another", "elsewhere", now + 3600)),
    )


def test_what_a_late_runner_made_does_not_count(start: Start, tmp_path: Path, data: Path) -> None:
    service = start(lease=3600)
    go = tmp_path / "go"
    job = blocked(service, go)
    take_over(service, job)
    go.touch()
    until(lambda: service.engine.stats().running == 0)
    found = stored(service, job)
    assert found.state is State.RUNNING
    assert found.lease is not None
    assert found.lease.holder == "elsewhere"
    assert files_below(data / "blobs") == {found.upload}
    assert service.engine.keys.balance(service.key.id).spent == 0


def test_a_runner_that_lost_its_lease_stops(start: Start, tmp_path: Path, data: Path) -> None:
    service = start(lease=0.3)
    job = blocked(service, tmp_path / "never")
    take_over(service, job)
    until(lambda: service.engine.stats().running == 0)
    assert processes_in(data / "work" / job.id) == set()
    assert stored(service, job).state is State.RUNNING


def test_a_lapsed_lease_is_a_second_chance(start: Start) -> None:
    service = start(lease=0.3, exclusive=False)
    now = service.engine.clock()
    upload = f"uploads/{new_id()}"
    service.engine.blobs.put(upload, b"photo")
    dead = Lease("dead", "elsewhere", now - 1)
    job = Job(
        id=new_id(),
        key_id=service.key.id,
        state=State.RUNNING,
        lease=dead,
        attempts=1,
        created_at=now,
        deadline=now + 60,
        upload=upload,
    )
    service.engine.store.submit(job, Bounds(queue=9))
    ended = service.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)


def test_however_many_jobs_a_killed_service_left_they_end_with_the_next_start(
    start: Start, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("windstill.jobs.housekeeping._STEP", 2)
    service = start()
    service.engine.close()
    store = open_store(data)
    now = service.engine.clock()
    left = Job(
        id="",
        key_id=service.key.id,
        state=State.RUNNING,
        lease=Lease("dead", "here", now + 3600),
        attached=True,
        created_at=now,
        deadline=now + 3600,
    )
    ids = [new_id() for _ in range(5)]
    for job_id in ids:
        store.submit(replace(left, id=job_id), Bounds(queue=9))
    store.close()
    again = start()
    assert [again.engine.job(job_id).state for job_id in ids] == [State.FAILED] * 5


def test_a_job_that_waits_beyond_its_deadline_fails(start: Start, tmp_path: Path) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    blocked(service, go)
    late = service.submit(patience=0.05)
    ended = service.engine.wait(late.id, 30)
    assert ended.failure is not None
    assert ended.failure.code == "job_timeout"
    go.touch()


def test_a_result_that_can_not_be_stored_fails_its_job_alone(
    start: Start, tmp_path: Path, data: Path
) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    results = data / "blobs" / "results"
    results.rmdir()
    results.write_bytes(b"in the way")
    go.touch()
    ended = service.engine.wait(job.id, 30)
    assert ended.failure is not None
    assert ended.failure.code == "storage_error"
    assert str(data) not in ended.failure.message
    results.unlink()
    results.mkdir()
    assert service.run().state is State.SUCCEEDED
    assert service.engine.keys.balance(service.key.id).spent == 15


def test_a_store_that_is_locked_for_a_while_delays_the_settlement(
    start: Start, tmp_path: Path, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = start()
    store: Any = service.engine.store
    for connection in store.database._idle:
        connection.execute("PRAGMA busy_timeout = 20")
    store.database.busy = 0.02
    go = tmp_path / "go"
    job = blocked(service, go)
    other = sqlite3.connect(data / "windstill.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.ERROR):
        go.touch()
        until(lambda: "can't be settled yet" in caplog.text)
    other.execute("ROLLBACK")
    other.close()
    assert service.engine.wait(job.id, 30).state is State.SUCCEEDED
    assert service.engine.keys.balance(service.key.id).spent == 15


def test_a_broken_store_is_told_to_those_who_ask(start: Start) -> None:
    service = start()
    assert service.engine.healthy() == []
    service.engine.store.close()
    until(lambda: service.engine.healthy() == ["The job store is closed."])
