"""Parts of the cluster that go away, or stand still, in the middle of the work."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from tests.cluster.watch import LONG, SHORT, Watch, photo, until
from tests.servers.cluster import Cluster, is_ready
from windstill.jobs.model import State

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_jobs_are_taken_in_without_a_broker_and_done_when_it_is_back(
    running: Cluster, watch: Watch
) -> None:
    broker = running.rabbitmq
    assert broker is not None
    ids = watch.submit_many(4, photo(), **LONG)
    watch.begun(ids[0])
    broker.kill()
    until(lambda: not any(is_ready(member.address) for member in running.members))
    told = httpx.get(f"{running.services[0].address}/readyz").json()["problems"]
    assert any(f"127.0.0.1:{broker.port}" in problem for problem in told)
    assert broker.password not in str(told)
    ids += watch.submit_many(4, photo(320), **SHORT)
    broker.start()
    jobs = watch.ended(ids)
    assert [job.state for job in jobs] == [State.SUCCEEDED] * 8
    until(lambda: all(is_ready(member.address) for member in running.members))
    watch.check_credits()


def test_a_database_that_dies_delays_jobs_and_no_more(running: Cluster, watch: Watch) -> None:
    ids = watch.submit_many(6, photo(), **LONG)
    watch.begun(ids[0])
    running.postgres.kill()
    until(lambda: not any(is_ready(service.address) for service in running.services))
    running.postgres.start()
    with Watch(running) as later:
        later.spent, later.known = watch.spent, watch.known
        jobs = later.ended(ids)
        assert [job.state for job in jobs] == [State.SUCCEEDED] * 6
        later.check_credits()
    until(lambda: all(is_ready(member.address) for member in running.members))


def test_a_worker_that_stands_still_is_given_up_and_its_late_result_does_not_count(
    running: Cluster, watch: Watch
) -> None:
    job_id = watch.submit(running.services[0], photo(), **LONG)
    worker = watch.runner_of(watch.begun(job_id))
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        (job,) = watch.ended([job_id])
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)
    assert (job.state, job.attempts) == (State.SUCCEEDED, 2)
    until(lambda: is_ready(worker.address))
    assert watch.job(job_id) == job
    watch.check_credits()
