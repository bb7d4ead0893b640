from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.jobs.conftest import Service, blocked
from tests.jobs.leftovers import files_below, only_left
from windstill.errors import InvalidOption, WindstillError
from windstill.http.micro_motion import PRIORITY
from windstill.jobs.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    QueueFull,
    RateLimited,
    RevokedKey,
    StorageError,
    TooManyRunning,
    UnknownKey,
)
from windstill.jobs.model import Job, State

Start = Callable[..., Service]


def test_the_queue_is_bounded(start: Start, tmp_path: Path, data: Path) -> None:
    service = start(slots=1, queue_size=2)
    go = tmp_path / "go"
    blocked(service, go)
    waiting = [service.submit(), service.submit()]
    with pytest.raises(QueueFull) as refused:
        service.submit()
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 1
    assert len(files_below(data / "blobs" / "uploads")) == 3
    go.touch()
    assert [service.engine.wait(job.id, 30).state for job in waiting] == [State.SUCCEEDED] * 2
    assert service.engine.stats().refusals == {"queue_full": 1}


def test_a_higher_priority_runs_first(start: Start, tmp_path: Path) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    blocked(service, go)
    low, high = service.submit(), service.submit(priority=1)
    go.touch()
    low, high = (service.engine.wait(job.id, 30) for job in (low, high))
    assert (high.started_at or 0) < (low.started_at or 0)


def test_what_is_free_neither_fills_the_queue_nor_comes_first(start: Start, tmp_path: Path) -> None:
    service = start(slots=1, queue_size=4, kinds={})
    go = tmp_path / "go"
    blocked(service, go)
    free = service.submit(kind="preview", cost=0)
    with pytest.raises(TooManyRunning):
        service.submit(kind="preview", cost=0)
    paid = [service.submit(priority=PRIORITY) for _ in range(4)]
    with pytest.raises(QueueFull):
        service.submit(priority=PRIORITY)
    go.touch()
    free, *paid = (service.engine.wait(job.id, 30) for job in (free, *paid))
    assert all((job.started_at or 0) <= (free.started_at or 0) for job in paid)


def test_what_is_free_leaves_a_slot_to_what_is_paid_for(start: Start, tmp_path: Path) -> None:
    service = start(slots=2, queue_size=8, kinds={})
    go, paid_go = tmp_path / "go", tmp_path / "paid"
    running = blocked(service, go, kind="preview", cost=0)
    waiting = service.submit(kind="preview", cost=0)
    # It begins although a free job has waited longer.
    paid = blocked(service, paid_go)
    assert service.engine.job(waiting.id).state is State.QUEUED
    paid_go.touch()
    assert service.engine.wait(paid.id, 30).state is State.SUCCEEDED
    go.touch()
    for job in (running, waiting):
        assert service.engine.wait(job.id, 30).state is State.SUCCEEDED


def test_a_check_tells_what_a_submission_would_meet(start: Start, tmp_path: Path) -> None:
    service = start(slots=1, queue_size=1, job_limit=3, rate=0.01, burst=4)
    engine, go = service.engine, tmp_path / "go"
    rich, _ = engine.keys.create("rich")
    poor, _ = engine.keys.create("poor", credits=14)
    engine.check(rich)
    with pytest.raises(InsufficientCredits):
        engine.check(poor)
    engine.check(poor, cost=0)
    blocked(service, go, key_id=rich.id)
    service.submit(key_id=rich.id)
    with pytest.raises(QueueFull):
        engine.check(rich)
    engine.check(rich, kind="preview", cost=0)
    for _ in range(3):
        with suppress(WindstillError):
            service.submit(key_id=rich.id)
    with pytest.raises(RateLimited):
        engine.check(rich)
    go.touch()


def test_a_key_may_have_only_so_many_unfinished_jobs(start: Start, tmp_path: Path) -> None:
    service = start(slots=1, job_limit=2)
    go = tmp_path / "go"
    blocked(service, go)
    service.submit()
    with pytest.raises(TooManyRunning):
        service.submit()
    other, _ = service.engine.keys.create("other", job_limit=1)
    service.submit(key_id=other.id)
    with pytest.raises(TooManyRunning):
        service.submit(key_id=other.id)
    go.touch()


def test_parallel_calls_can_not_overdraw(start: Start, data: Path) -> None:
    service = start(queue_size=100)
    service.engine.keys.grant(service.key.id, 15 * 5 + 14)
    taken: list[Job] = []
    refused: list[WindstillError] = []

    def ask() -> None:
        for _ in range(4):
            try:
                taken.append(service.submit())
            except InsufficientCredits as error:
                refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 5
    assert len(refused) == 27
    assert all(service.engine.wait(job.id, 30).state is State.SUCCEEDED for job in taken)
    balance = service.engine.keys.balance(service.key.id)
    assert (balance.spent, balance.left, balance.reserved) == (75, 14, 0)
    only_left(data / "blobs" / "uploads", set())
    assert len(files_below(data / "blobs" / "results")) == 5


def test_a_refusal_is_told_though_its_upload_can_not_be_removed(
    start: Start, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start(lease=600.0)
    service.engine.keys.grant(service.key.id, 14)
    # Nothing is known beforehand, as if another process had spent the credits just now.
    monkeypatch.setattr(service.engine.store, "standing", lambda *args, **more: None)

    def hold(name: str) -> None:
        raise StorageError(f"{name} is held by another program.")

    monkeypatch.setattr(service.engine.blobs, "delete", hold)
    with pytest.raises(InsufficientCredits):
        service.submit()
    assert len(files_below(data / "blobs" / "uploads")) == 1  # for the sweeper


def test_one_idempotency_key_makes_one_job(start: Start, data: Path) -> None:
    service = start(queue_size=100)
    jobs: list[Job] = []
    threads = [
        threading.Thread(target=lambda: jobs.append(service.submit(idempotency_key="once")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job.id for job in jobs}) == 1
    service.engine.wait(jobs[0].id, 30)
    assert service.submit(idempotency_key="once").id == jobs[0].id
    for nonsense in ("", "x" * 256, "a\nb", "\udcff"):
        with pytest.raises(InvalidOption):
            service.submit(idempotency_key=nonsense)
    with pytest.raises(IdempotencyConflict):
        service.submit(b"another photo", idempotency_key="once")
    other, _ = service.engine.keys.create("other")
    assert service.submit(idempotency_key="once", key_id=other.id).id != jobs[0].id
    assert service.engine.keys.balance(service.key.id).spent == 15


def test_submissions_come_at_the_keys_rate(start: Start, tmp_path: Path) -> None:
    service = start(rate=0.001, burst=2)
    service.run()
    service.run()
    with pytest.raises(RateLimited) as refused:
        service.submit()
    assert 900 < (refused.value.retry_after or 0) <= 1000
    own, _ = service.engine.keys.create("fast", rate=1000.0)
    service.submit(key_id=own.id)


def test_a_key_must_exist_and_not_be_revoked(start: Start, data: Path) -> None:
    service = start()
    with pytest.raises(UnknownKey):
        service.submit(key_id="nobody")
    service.engine.keys.revoke(service.key.id)
    with pytest.raises(RevokedKey):
        service.submit()
    assert files_below(data / "blobs") == set()
