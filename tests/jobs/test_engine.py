from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Clock, Service, blocked, until
from tests.jobs.leftovers import files_below, only_left
from windstill.jobs.errors import (
    BlobMissing,
    LinkExpired,
    UnknownJob,
)
from windstill.jobs.model import Job, State
from windstill.jobs.runner import FREE_NICENESS

Start = Callable[..., Service]


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
    only_left(data / "blobs", {job.result.blob})
    only_left(data / "work", {"lock"})


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
    only_left(data / "blobs", set())
    only_left(data / "work", {"lock"})
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
    until(lambda: service.engine.job(job.id).stage == "photo")
    found = service.engine.job(job.id)
    assert (found.state, found.fraction) == (State.RUNNING, 0.0)
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


def test_what_is_free_takes_no_processor_from_what_is_paid_for(
    start: Start, tmp_path: Path
) -> None:
    service = start(slots=3, cpus=6, kinds={})
    go = tmp_path / "go"
    free = blocked(service, go, kind="preview", cost=0, rights=True)
    assert service.run(rights=True).result.facts["threads"] == 6  # type: ignore[union-attr]
    paid = blocked(service, go, rights=True)
    also_free = blocked(service, go, kind="preview", cost=0, rights=True)
    go.touch()
    facts = [service.engine.wait(job.id, 30).result.facts for job in (free, paid, also_free)]  # type: ignore[union-attr]
    assert [found["threads"] for found in facts] == [6, 6, 2]
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    gives_way = min(19, usual + FREE_NICENESS)
    assert [found["nice"] for found in facts] == [gives_way, usual, gives_way]
    if facts[0]["group"] is not None:  # the kernel schedules sessions as groups
        assert [found["group"] for found in facts] == [str(FREE_NICENESS), "0", str(FREE_NICENESS)]


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
    only_left(data / "blobs", set())
    with pytest.raises(BlobMissing):
        service.engine.link(expired)
    assert service.engine.keys.balance(service.key.id).spent == 15
