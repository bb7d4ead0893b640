"""Several processes on one PostgreSQL: one takes jobs in, others run them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.jobs.conftest import Service, blocked, stored, until
from tests.jobs.leftovers import files_below, only_left
from tests.jobs.member import ROOT, members, open_member
from tests.servers.postgres import PostgresServer, start_postgres
from windstill.jobs.accounts import Balance
from windstill.jobs.engine import Submission
from windstill.jobs.errors import InsufficientCredits, StoreError
from windstill.jobs.model import Job, State


@pytest.fixture
def service(postgres_url: str, tmp_path: Path) -> Iterator[Service]:
    """A process that takes jobs in and runs none."""
    with open_member(postgres_url, tmp_path, "api", slots=0) as engine:
        yield Service(engine)


def test_jobs_are_done_once_by_those_who_share_them(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    before = [service.submit(b"%d" % number, do="work") for number in range(6)]
    with members(postgres_url, tmp_path, "one", "two", slots=2):
        after = [service.submit(b"%d" % number, do="work") for number in range(6, 24)]
        ended = [service.engine.wait(job.id, 60) for job in before + after]
    assert [(job.state, job.attempts) for job in ended] == [(State.SUCCEEDED, 1)] * 24
    for number, job in enumerate(ended):
        assert job.result is not None
        made = (tmp_path / "blobs" / job.result.blob).read_bytes()
        assert made == b"video of %d" % number
    results = {job.result.blob for job in ended if job.result is not None}
    only_left(tmp_path / "blobs", results)
    assert service.engine.keys.balance(service.key.id) == Balance(None, 24 * 15, 0)


def test_a_killed_process_leaves_its_job_to_another(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    with members(postgres_url, tmp_path, "one", "two") as workers:
        go = tmp_path / "go"
        job = blocked(service, go)
        lease = stored(service, job).lease
        assert lease is not None
        by_pid = {worker.process.pid: worker for worker in workers}
        by_pid[int(lease.holder.split(":")[1])].kill()
        until(lambda: stored(service, job).attempts == 2)
        assert service.engine.clock() < lease.until  # nobody waited for the lease
        go.touch()
        ended = service.engine.wait(job.id, 60)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)
    assert service.engine.keys.balance(service.key.id).spent == 15


def test_a_process_that_was_alone_takes_its_jobs_up_again(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with members(postgres_url, tmp_path, "one") as workers:
        job = blocked(service, go)
        workers[0].kill()
    with members(postgres_url, tmp_path, "one"):
        go.touch()
        assert service.engine.wait(job.id, 60).state is State.SUCCEEDED


def test_a_stopped_process_gives_its_job_back(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with members(postgres_url, tmp_path, "one") as workers:
        job = blocked(service, go, attached=True)
        workers[0].stop()
        assert stored(service, job).state is State.QUEUED
    with members(postgres_url, tmp_path, "one"):
        go.touch()
        assert service.engine.wait(job.id, 60).state is State.SUCCEEDED


def test_a_job_is_cancelled_and_followed_from_another_process(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    async def follow(job: Job) -> list[Job]:
        seen: list[Job] = []
        async for step in service.engine.follow(job.id):
            if not seen or step != seen[-1]:
                seen.append(step)
            if step.stage is not None and not step.cancel_requested:
                service.engine.cancel(job.id)
        return seen

    with members(postgres_url, tmp_path, "one"):
        seen = asyncio.run(follow(blocked(service, tmp_path / "never")))
        assert seen[-1].state is State.CANCELLED
        assert any(job.stage == "photo" for job in seen)
        until(lambda: service.engine.keys.balance(service.key.id) == Balance(None, 0, 0))


ASKER = r"""
import sys
from pathlib import Path
from tests.jobs.member import open_member
from windstill.jobs.engine import Submission
url, folder, key, go, told = sys.argv[1:]
with open_member(url, Path(folder), "asker", 0) as engine:
    task = {"do": "wait", "until": go, "tell": told}
    request = Submission(key_id=key, photo=b"p", payload=task, kind="test", attached=True)
    print(engine.submit(request).id, flush=True)
    sys.stdin.read()
"""


def killed_asker(service: Service, folder: Path, url: str, go: Path, told: Path | None) -> Job:
    """A job whose client waits at a process that is killed, once the job has begun if `told`."""
    command = [sys.executable, "-c", ASKER, url, folder, service.key.id, go, told or go]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as asker:
        assert asker.stdout is not None
        job = service.engine.job(asker.stdout.readline().decode().strip())
        if told is not None:
            until(told.exists)
        asker.kill()
    return job


def test_a_job_is_stopped_when_the_process_is_killed_at_which_its_client_waits(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    with members(postgres_url, tmp_path, "one"):
        told = tmp_path / "told"
        job = killed_asker(service, tmp_path, postgres_url, tmp_path / "never", told)
        failed = service.engine.wait(job.id, 60)
        assert failed.failure is not None
        assert failed.failure.code == "job_interrupted"
        # The one place is free again.
        done = service.run(b"next", attached=True)
        assert (done.state, done.attempts) == (State.SUCCEEDED, 1)
    assert done.result is not None
    only_left(tmp_path / "blobs", {done.result.blob})
    assert service.engine.keys.balance(service.key.id) == Balance(None, 15, 0)


def test_a_result_is_not_charged_when_nobody_can_answer_it_any_more(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with members(postgres_url, tmp_path, "one"):
        job = killed_asker(service, tmp_path, postgres_url, go, tmp_path / "told")
        assert job.accepted_by is not None
        until(lambda: not service.engine.store.present(job.accepted_by or ""))
        go.touch()  # ends within moments, and before anybody is sure
        failed = service.engine.wait(job.id, 60)
        assert failed.failure is not None
        assert failed.failure.code == "job_interrupted"
    only_left(tmp_path / "blobs", set())
    assert service.engine.keys.balance(service.key.id) == Balance(None, 0, 0)


def test_a_result_is_kept_when_who_answers_it_only_lost_its_connection(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    with members(postgres_url, tmp_path, "one"):
        job = blocked(service, go, attached=True)
        with psycopg.connect(postgres_url, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                "AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = "
                "hashtextextended('windstill holder ' || %s, 0)",
                (job.accepted_by,),
            )
        go.touch()
        assert service.engine.wait(job.id, 60).state is State.SUCCEEDED


def test_a_waiting_job_fails_when_the_process_is_killed_at_which_its_client_waits(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    mine = service.submit(b"mine", attached=True)
    job = killed_asker(service, tmp_path, postgres_url, tmp_path / "never", None)
    failed = service.engine.wait(job.id, 60)
    assert failed.failure is not None
    assert (failed.failure.code, failed.attempts) == ("job_interrupted", 0)
    with members(postgres_url, tmp_path, "one"):
        assert service.engine.wait(mine.id, 60).state is State.SUCCEEDED
    assert service.engine.keys.balance(service.key.id) == Balance(None, 15, 0)


SAME = r"""
import sys, threading
from pathlib import Path
from tests.jobs.member import open_member
from windstill.jobs.engine import Submission
url, folder, key = sys.argv[1:]
engine = open_member(url, Path(folder), "none", 0)
print("ready", flush=True)
sys.stdin.readline()
def ask():
    request = Submission(key_id=key, photo=b"p", payload={}, kind="test", idempotency_key="one")
    sys.stdout.write(engine.submit(request).id + "\n")
threads = [threading.Thread(target=ask) for _ in range(10)]
for thread in threads: thread.start()
for thread in threads: thread.join()
engine.store.close()
"""


def test_fifty_equal_submissions_of_five_processes_are_one_job(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SAME, postgres_url, tmp_path, service.key.id]
    askers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(5)
    ]
    for asker in askers:
        assert asker.stdout is not None
        assert asker.stdout.readline() == b"ready\n"
    for asker in askers:
        assert asker.stdin is not None
        asker.stdin.write(b"go\n")
        asker.stdin.flush()
    told = [line for asker in askers for line in asker.communicate()[0].split()]
    assert len(told) == 50
    assert len(set(told)) == 1
    (job,) = service.engine.jobs(service.key.id)
    assert job.id.encode() == told[0]
    assert files_below(tmp_path / "blobs") == {job.upload}
    assert service.engine.keys.balance(service.key.id) == Balance(None, 0, 15)


def test_credits_are_exact_when_processes_compete(
    service: Service, postgres_url: str, tmp_path: Path
) -> None:
    key, _ = service.engine.keys.create("poor", credits=15 * 10)
    taken: list[Job] = []
    with (
        open_member(postgres_url, tmp_path, "api two", slots=0) as second,
        members(postgres_url, tmp_path, "one", "two"),
    ):

        def ask(number: int) -> None:
            engine = (service.engine, second)[number % 2]
            photo = b"%d" % number
            for _ in range(8):
                request = Submission(key_id=key.id, photo=photo, payload={}, kind="test")
                with suppress(InsufficientCredits):
                    taken.append(engine.submit(request))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ended = [service.engine.wait(job.id, 60).state for job in taken]
    assert ended == [State.SUCCEEDED] * 10
    assert service.engine.keys.balance(key.id) == Balance(150, 150, 0)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A database server that the test may stop."""
    (tmp_path / "server").mkdir()
    server = start_postgres(tmp_path / "server", sync=True)
    yield server
    server.stop()


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_all_go_on_when_the_database_comes_back(
    postgres_server: PostgresServer, own_server: PostgresServer, tmp_path: Path, how: str
) -> None:
    go = tmp_path / "go"
    with open_member(own_server.url, tmp_path, "api", slots=0) as engine:
        service = Service(engine)
        with members(own_server.url, tmp_path, "one", "two"):
            running = blocked(service, go)
            if how == "kill":
                own_server.kill()
                with pytest.raises(StoreError) as refused:
                    service.submit()
                assert own_server.password not in str(refused.value)
                own_server.start()
            else:
                own_server.restart()
            until(lambda: engine.healthy() == [])  # it refuses until it has looked again
            later = [service.submit(b"%d" % number) for number in range(4)]
            assert {engine.wait(job.id, 60).state for job in later} == {State.SUCCEEDED}
            go.touch()
            ended = engine.wait(running.id, 60)
            assert (ended.state, ended.attempts) == (State.SUCCEEDED, 1)
        assert engine.keys.balance(service.key.id) == Balance(None, 75, 0)
