"""Two services and two workers, on PostgreSQL, RabbitMQ and an object store."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.cluster.watch import (
    LONG,
    SHORT,
    Watch,
    frozen,
    job_processes,
    photo,
    replaced,
    until,
)
from tests.servers.cluster import Cluster
from windstill.jobs.model import State


def test_a_call_through_either_service_gives_a_link_that_works(
    running: Cluster, watch: Watch
) -> None:
    for service in running.services:
        answer = watch.call(service, photo(320)).json()
        assert answer["error_code"] == 0, answer
        assert watch.fetch(answer["data"]["url"])[4:8] == b"ftyp"
    watch.check_credits()


def test_jobs_of_one_service_are_seen_through_the_other(running: Cluster, watch: Watch) -> None:
    one, other = running.services
    job_id = watch.submit(one, photo(320), **SHORT)
    answer = watch.client.get(f"{other.address}/v1/animations/{job_id}")
    assert answer.json()["id"] == job_id
    watch.ended([job_id])
    ended = watch.client.get(f"{other.address}/v1/animations/{job_id}").json()
    assert watch.fetch(ended["result"]["url"])[4:8] == b"ftyp"


def test_each_job_is_done_once_and_both_workers_do_some(running: Cluster, watch: Watch) -> None:
    ids = watch.submit_many(12, photo(320), **SHORT)
    holders = set()

    def look() -> bool:
        jobs = [watch.job(job_id) for job_id in ids]
        holders.update(job.lease.holder for job in jobs if job.lease is not None)
        return all(job.finished for job in jobs)

    until(look, 120)
    jobs = [watch.job(job_id) for job_id in ids]
    assert [(job.state, job.attempts) for job in jobs] == [(State.SUCCEEDED, 1)] * 12
    assert len(holders) == 2
    watch.check_credits()


def test_a_killed_worker_loses_no_job(running: Cluster, watch: Watch) -> None:
    job_id = watch.submit(running.services[0], photo(), **LONG)
    worker = watch.runner_of(watch.begun(job_id))
    worker.kill()
    (job,) = watch.ended([job_id])
    assert (job.state, job.attempts) == (State.SUCCEEDED, 2)
    watch.check_credits()
    replaced(running, worker)


@pytest.mark.parametrize("begun", [True, False], ids=["running", "waiting"])
def test_a_call_whose_service_is_killed_costs_nothing(
    running: Cluster, watch: Watch, begun: bool
) -> None:
    killed = running.services[0]
    before = [] if begun else watch.submit_many(2, photo(), **LONG)
    with ThreadPoolExecutor(1) as pool, ExitStack() as still:
        if not begun:
            still.enter_context(frozen(running, 2))
        call = pool.submit(watch.call, killed, photo())
        job_id = watch.attached()
        if begun:
            still.enter_context(frozen(running, 1))
        killed.kill()
        assert isinstance(call.exception(), httpx.TransportError)
        (job,) = watch.ended([job_id])
        assert job.failure is not None
        assert (job.failure.code, job.attempts) == ("job_interrupted", int(begun))
        until(lambda: len(job_processes(running)) == len(before))
    replaced(running, killed)
    assert watch.call(running.services[0], photo(320)).json()["error_code"] == 0
    assert [job.attempts for job in watch.ended(before)] == [1] * len(before)
    assert watch.job(job_id) == job
    watch.check_credits()


def test_a_worker_that_is_told_to_end_finishes_what_it_runs(running: Cluster, watch: Watch) -> None:
    job_id = watch.submit(running.services[0], photo(), **LONG)
    worker = watch.runner_of(watch.begun(job_id))
    assert worker.stop() == 0
    job = watch.job(job_id)
    assert (job.state, job.attempts) == (State.SUCCEEDED, 1)
    assert '"event": "worker drains", "running": 1' in worker.log.read_text()
    replaced(running, worker)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "signals"), [(0, 1), (60, 2)])
def test_a_worker_without_time_gives_back_what_it_runs(
    running: Cluster, watch: Watch, seconds: int, signals: int
) -> None:
    for worker in running.workers:
        worker.stop()
        running.members.remove(worker)
    hasty = running.add(workers=1, drain_seconds=seconds)[0]
    job_id = watch.submit(running.services[0], photo(), **LONG)
    watch.begun(job_id)
    for _ in range(signals):
        hasty.process.send_signal(signal.SIGTERM)
        until(lambda: "worker drains" in hasty.log.read_text())
    assert hasty.process.wait(30) == 0, hasty.log.read_text()
    assert watch.job(job_id).state is State.QUEUED
    running.members.remove(hasty)
    running.add(workers=2)
    (job,) = watch.ended([job_id])
    assert (job.state, job.attempts) == (State.SUCCEEDED, 2)
    watch.check_credits()


def test_workers_tell_their_health_and_metrics(running: Cluster) -> None:
    worker = running.workers[0]
    assert httpx.get(f"{worker.address}/readyz").json() == {"status": "ready", "problems": []}
    assert "windstill_job_slots 1.0" in httpx.get(f"{worker.address}/metrics").text
    assert httpx.get(f"{worker.address}/livez").status_code == 200
    assert httpx.get(f"{worker.address}/other").status_code == 404
    (line,) = (line for line in worker.log.read_text().splitlines() if "worker started" in line)
    assert json.loads(line)["slots"] == 1


def test_no_password_is_shown(running: Cluster) -> None:
    assert running.rabbitmq is not None
    given = {f"WINDSTILL_{name.upper()}": str(v) for name, v in running.settings.items()}
    for command in (["config", "show"], ["doctor", "--json"]):
        told = subprocess.run(
            [sys.executable, "-m", "windstill.cli", *command],
            env={"PATH": "", **given},
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        shown = told.stdout + told.stderr
        assert "postgresql://windstill:********@127.0.0.1" in shown
        logs = "".join(member.log.read_text() for member in running.members)
        for secret in (
            running.postgres.password,
            running.rabbitmq.password,
            running.settings["s3_secret_key"],
            running.settings["link_secret"],
            running.key,
        ):
            assert str(secret) not in shown
            assert str(secret) not in logs
