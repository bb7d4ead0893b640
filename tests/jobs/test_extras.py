"""Jobs with several uploads and results of several files; kinds of jobs; following a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Clock, Service, blocked, until
from tests.jobs.leftovers import files_below
from windstill.errors import WindstillError
from windstill.jobs.config import Kind
from windstill.jobs.engine import Submission
from windstill.jobs.errors import IdempotencyConflict
from windstill.jobs.model import Job, State
from windstill.jobs.task import MATTES

Start = Callable[..., Service]
PAIRS = {"pair": Kind(task="tests.jobs.tasks:pair", result_ttl=50.0)}
EXTRAS = {"sky_matte": b"sky", "hair_matte": b"hair"}


def submit(service: Service, kind: str = "pair", **asked: Any) -> Job:
    request = Submission(key_id=service.key.id, photo=b"photo", kind=kind, extras=EXTRAS, **asked)
    return service.engine.submit(request)


def uploads(data: Path) -> set[str]:
    return files_below(data / "blobs" / "uploads")


def test_further_files_go_in_and_out(start: Start, data: Path) -> None:
    service = start(kinds=PAIRS)
    ended = service.engine.wait(submit(service).id, 30)
    assert ended.state is State.SUCCEEDED
    assert ended.result is not None
    contents = [service.engine.blobs.open(name) for name in ended.result.blobs]
    try:
        assert [file.read() for file in contents] == [b"photo", b"hair sky"]
    finally:
        for file in contents:
            file.close()
    assert ".png" in service.engine.link(ended, "mattes")
    assert "extras" not in ended.result.facts
    until(lambda: not uploads(data))


def test_a_kind_has_a_life_of_its_own(start: Start, data: Path, clock: Clock) -> None:
    service = start(kinds=PAIRS)
    ended = service.engine.wait(submit(service).id, 30)
    assert ended.expires_at is not None
    assert ended.finished_at is not None
    assert ended.expires_at - ended.finished_at == pytest.approx(50)
    other = service.run()
    assert other.expires_at is not None
    assert other.expires_at - ended.finished_at > 1000


@pytest.mark.parametrize("do", ["refuse", "crash", "cancel"])
def test_no_upload_outlives_its_job(start: Start, data: Path, tmp_path: Path, do: str) -> None:
    service = start(slots=1)
    first = blocked(service, tmp_path / "go")
    job = submit(service, "test", payload={"do": "refuse" if do == "cancel" else do})
    assert len(uploads(data)) == 4
    if do == "cancel":
        service.engine.cancel(job.id)
    else:
        (tmp_path / "go").touch()
        service.engine.wait(job.id, 30)
    left = 1 if do == "cancel" else 0
    until(lambda: len(uploads(data)) == left)
    (tmp_path / "go").touch()
    service.engine.wait(first.id, 30)
    until(lambda: not uploads(data))


def test_what_is_refused_leaves_no_file(start: Start, data: Path, tmp_path: Path) -> None:
    service = start(slots=1, job_limit=1)
    go = tmp_path / "go"
    first = blocked(service, go)
    with pytest.raises(WindstillError):
        submit(service)
    assert len(uploads(data)) == 1
    go.touch()
    service.engine.wait(first.id, 30)


def test_equal_requests_have_equal_further_files(start: Start, data: Path) -> None:
    service = start(kinds=PAIRS)
    job = submit(service, idempotency_key="x")
    assert submit(service, idempotency_key="x").id == job.id
    request = Submission(
        key_id=service.key.id,
        photo=b"photo",
        kind="pair",
        extras={**EXTRAS, MATTES[0]: b"another"},
        idempotency_key="x",
    )
    with pytest.raises(IdempotencyConflict):
        service.engine.submit(request)
    service.engine.wait(job.id, 30)
    until(lambda: not uploads(data))


def test_a_job_is_followed_to_its_end(start: Start, tmp_path: Path) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    first = blocked(service, go)
    job = service.submit()

    async def follow() -> list[Job]:
        seen = []
        async with aclosing(service.engine.follow(job.id)) as steps:
            async for step in steps:
                seen.append(step)
                go.touch()
        return seen

    seen = asyncio.run(follow())
    assert seen[0].state is State.QUEUED
    assert seen[-1].state is State.SUCCEEDED
    assert State.RUNNING in {step.state for step in seen}
    assert service.engine.job(first.id).finished


@pytest.mark.parametrize("trick", ["/etc/hostname", "../../lock", "", "..", "link", "hard link"])
def test_a_job_can_not_publish_a_further_file_that_is_not_its_own(start: Start, trick: str) -> None:
    service = start(kinds=PAIRS)
    ended = service.engine.wait(submit(service, payload={"extra": trick}).id, 30)
    assert ended.failure is not None
    assert ended.failure.code == "job_crashed"
