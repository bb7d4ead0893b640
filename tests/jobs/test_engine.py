from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Clock, Service
from tests.jobs.leftovers import Holdings, files_below, processes_in
from windstill.errors import InvalidOption, WindstillError
from windstill.jobs.errors import (
    BlobMissing,
    DataFolderBusy,
    Draining,
    IdempotencyConflict,
    InsufficientCredits,
    LinkExpired,
    QueueFull,
    RateLimited,
    RevokedKey,
    TooManyRunning,
    UnknownJob,
    UnknownKey,
)
from windstill.jobs.model import Job, State

Start = Callable[..., Service]


def blocked(service: Service, until: Path, **asked: Any) -> Job:
    """A job that has begun, and ends when the file `until` appears."""
    told = until.with_name(f"{until.name}-told-{len(list(until.parent.iterdir()))}")
    job = service.submit(do="wait", until=str(until), tell=str(told), **asked)
    turn = threading.Event()
    while not told.exists():
        turn.wait(0.005)
    return job


def test_a_success_has_its_result_and_is_charged(start: Start, data: Path) -> None:
    service = start()
    job = service.run(b"a photo")
    assert job.state is State.SUCCEEDED
    assert job.result is not None
    with service.engine.blobs.open(job.result.blob) as file:
        assert file.read() == b"video of a photo"
    assert job.result.mime == "video/mp4"
    assert job.expires_at == pytest.approx((job.finished_at or 0) + 86_400)
    assert service.engine.keys.balance(service.key.id).spent == 15
    assert re.fullmatch(
        rf"/files/{job.result.blob}\?expires=\d+&signature=[\w-]{{43}}", service.engine.link(job)
    )
    assert files_below(data / "blobs") == {job.result.blob}
    assert files_below(data / "work") == {"lock"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"do": "refuse"}, "corrupt_photo"),
        ({"do": "bug"}, "internal_error"),
        ({"do": "crash"}, "job_crashed"),
        ({"do": "hang"}, "job_timeout"),
    ],
    ids=lambda value: str(value),
)
def test_a_failure_costs_nothing_and_leaves_nothing(
    start: Start, data: Path, asked: dict[str, Any], code: str
) -> None:
    service = start(time_limit=0.5 if code == "job_timeout" else 30)
    service.engine.keys.grant(service.key.id, 15)
    job = service.run(**asked)
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == code
    assert job.upload is not None
    balance = service.engine.keys.balance(service.key.id)
    assert (balance.spent, balance.reserved, balance.available) == (0, 0, 15)
    assert files_below(data / "blobs") == set()
    assert files_below(data / "work") == {"lock"}
    assert service.run().state is State.SUCCEEDED
    stats = service.engine.stats()
    assert stats.outcomes == {("failed", code): 1, ("succeeded", ""): 1}


def test_the_wrong_end_of_one_job_is_no_other_jobs_business(start: Start) -> None:
    service = start()
    jobs = [
        service.submit(do=do, environment=[])
        for do in ("work", "crash", "work", "bug", "work", "hoard", "work")
    ]
    ended = [service.engine.wait(job.id, 60) for job in jobs]
    assert [job.state for job in ended[::2]] == [State.SUCCEEDED] * 4
    assert [job.failure and job.failure.code for job in ended[1::2]] == [
        "job_crashed",
        "internal_error",
        "job_out_of_memory",
    ]


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
    assert len(files_below(data / "blobs")) == 5


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


def test_a_waiting_job_is_cancelled_at_once(start: Start, tmp_path: Path, data: Path) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    running = blocked(service, go)
    waiting = service.submit()
    assert service.engine.cancel(waiting.id, service.key.id).state is State.CANCELLED
    assert len(files_below(data / "blobs")) == 1  # the running job's upload
    go.touch()
    assert service.engine.wait(running.id, 30).state is State.SUCCEEDED
    assert service.engine.job(waiting.id).state is State.CANCELLED
    assert service.engine.keys.usage(service.key.id).cancelled == 1


def test_a_running_job_is_cancelled_within_moments(start: Start, tmp_path: Path) -> None:
    service = start()
    job = blocked(service, tmp_path / "never")
    assert service.engine.cancel(job.id).cancel_requested
    ended = service.engine.wait(job.id, 30)
    assert ended.state is State.CANCELLED
    assert service.engine.cancel(job.id).state is State.CANCELLED
    assert service.engine.keys.balance(service.key.id).reserved == 0


def test_other_keys_jobs_are_unknown(start: Start) -> None:
    service = start()
    job = service.run()
    other, _ = service.engine.keys.create("other")
    for ask in (service.engine.job, service.engine.cancel):
        with pytest.raises(UnknownJob):
            ask(job.id, other.id)
        for nonsense in ("", "nonsense", "\udcff", "a\0b"):
            with pytest.raises(UnknownJob):
                ask(nonsense, service.key.id)
    assert service.engine.jobs(other.id) == []
    assert [found.id for found in service.engine.jobs(service.key.id)] == [job.id]


def test_waiting_does_not_block_an_event_loop(start: Start, tmp_path: Path) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)

    async def ask() -> tuple[Job, Job]:
        early = await service.engine.wait_async(job.id, timeout=0.01)
        tasks = [asyncio.create_task(service.engine.wait_async(job.id)) for _ in range(20)]
        given_up = asyncio.create_task(service.engine.wait_async(job.id))
        await asyncio.sleep(0)
        given_up.cancel()
        go.touch()
        ended = await asyncio.gather(*tasks)
        assert {found.id for found in ended} == {job.id}
        return early, ended[0]

    early, ended = asyncio.run(ask())
    assert early.state is State.RUNNING
    assert ended.state is State.SUCCEEDED


def test_progress_is_seen_while_a_job_runs(start: Start, tmp_path: Path) -> None:
    service = start()
    job = blocked(service, tmp_path / "never")
    found = service.engine.job(job.id)
    assert (found.state, found.stage, found.fraction) == (State.RUNNING, "photo", 0.0)
    assert service.engine.jobs(service.key.id)[0].stage == "photo"
    service.engine.cancel(job.id)


def test_a_lone_job_gets_all_processors_and_a_crowd_one_each(start: Start, tmp_path: Path) -> None:
    service = start(slots=3, cpus=6)
    assert service.run().result.facts["threads"] == 6  # type: ignore[union-attr]
    go = tmp_path / "go"
    jobs = [blocked(service, go) for _ in range(3)]
    go.touch()
    threads = [service.engine.wait(job.id, 30).result.facts["threads"] for job in jobs]  # type: ignore[union-attr]
    assert threads == [6, 3, 2]


def test_results_expire_and_so_do_their_links(start: Start, data: Path, clock: Clock) -> None:
    service = start(clock=clock, result_ttl=100)
    job = service.run()
    assert job.result is not None
    link = service.engine.link(job)
    expires, signature = re.findall(r"expires=(\d+)&signature=(.+)", link)[0]
    blobs: Any = service.engine.blobs
    clock.now += 99
    assert blobs.check(job.result.blob, expires, signature).size == job.result.size
    clock.now += 1
    with pytest.raises(LinkExpired):
        blobs.check(job.result.blob, expires, signature)
    service.engine.recover()
    expired = service.engine.job(job.id)
    assert expired.state is State.EXPIRED
    assert files_below(data / "blobs") == set()
    with pytest.raises(BlobMissing):
        service.engine.link(expired)
    assert service.engine.keys.balance(service.key.id).spent == 15


def test_draining_finishes_what_runs_and_keeps_what_waits(
    start: Start, tmp_path: Path, data: Path
) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    running = blocked(service, go)
    waiting, attached = service.submit(), service.submit(attached=True)
    drained: list[bool] = []
    drain = threading.Thread(target=lambda: drained.append(service.engine.drain(30)))
    drain.start()
    assert service.engine.wait(attached.id, 30).failure is not None
    with pytest.raises(Draining):
        service.submit()
    assert service.engine.healthy() == ["the engine is draining"]
    go.touch()
    drain.join()
    assert drained == [True]
    assert service.engine.job(running.id).state is State.SUCCEEDED
    assert service.engine.job(waiting.id).state is State.QUEUED
    service.engine.close()
    again = start()
    assert again.engine.wait(waiting.id, 30).state is State.SUCCEEDED
    assert again.engine.keys.balance(again.key.id).spent == 30


def test_stopping_ends_what_runs_and_the_next_start_takes_it_up(
    start: Start, tmp_path: Path, data: Path
) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    attached = blocked(service, go, attached=True)
    service.engine.close()
    assert processes_in(data) == set()
    again = start()
    go.touch()
    ended = again.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)
    failed = again.engine.job(attached.id)
    assert failed.failure is not None
    assert failed.failure.code == "job_interrupted"
    assert again.engine.keys.balance(again.key.id).spent == 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_meant_for_the_service_ends_no_job(
    start: Start, tmp_path: Path, data: Path, number: int
) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    for pid in processes_in(data):
        os.kill(pid, number)
    go.touch()
    assert service.engine.wait(job.id, 30).state is State.SUCCEEDED
    assert service.engine.stats().restarts == 0


def test_one_service_works_in_a_folder(start: Start) -> None:
    service = start()
    with pytest.raises(DataFolderBusy):
        type(service.engine._workspace)(service.engine.config.work_dir).lock(timeout=0)


def test_a_server_that_dies_costs_its_jobs_only_a_delay(start: Start, tmp_path: Path) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    server: Any = service.engine._runner.server
    server._process.kill()
    go.touch()
    ended = service.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)
    assert service.engine.stats().restarts == 1


def test_a_job_that_is_lost_every_time_is_given_up(start: Start, tmp_path: Path) -> None:
    service = start(attempts=2)
    told = tmp_path / "told"
    job = service.submit(do="hang", tell=str(told))
    turn = threading.Event()
    for _ in range(2):
        while not told.exists():
            turn.wait(0.005)
        told.unlink()
        server: Any = service.engine._runner.server
        server._process.kill()
    ended = service.engine.wait(job.id, 30)
    assert ended.failure is not None
    assert (ended.failure.code, ended.attempts) == ("job_interrupted", 2)


def test_fifty_jobs_leave_nothing_behind(start: Start, data: Path) -> None:
    service = start(queue_size=100)
    service.run()
    before = Holdings.now()
    ends = ("work", "work", "refuse", "bug", "crash")
    jobs = [service.submit(do=ends[index % 5]) for index in range(50)]
    ended = [service.engine.wait(job.id, 60) for job in jobs]
    after = Holdings.now()
    assert after.threads == before.threads
    assert after.children == before.children
    assert len(after.handles) <= len(before.handles) + 2  # the store may keep more connections
    results = {job.result.blob for job in ended if job.result is not None}
    assert len(results) == 20
    assert len(files_below(data / "blobs" / "results")) == 21
    assert files_below(data / "blobs" / "uploads") == set()
    assert files_below(data / "work") == {"lock"}
    assert service.engine.keys.balance(service.key.id).spent == 21 * 15


def test_a_closed_engine_leaves_no_thread_no_handle_and_no_process(
    start: Start, data: Path
) -> None:
    before = Holdings.now()
    service = start()
    service.run()
    service.engine.close()
    assert Holdings.now() == before
    assert processes_in(data) == set()
