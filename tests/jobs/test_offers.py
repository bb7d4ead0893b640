"""Queues that live elsewhere: what they lose, refuse, or give up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.conftest import TASK, Clock, Service, until
from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.memory import MemoryStore
from windstill.adapters.queue import ProcessQueue
from windstill.jobs.config import Config
from windstill.jobs.engine import Engine
from windstill.jobs.model import State

LATER = 1000.0


class Elsewhere(ProcessQueue):
    """A queue that can be out of reach, lose what it carries, and counts what is put."""

    reoffer = LATER

    def __init__(self) -> None:
        super().__init__(99)
        self.is_up = True
        self.loses = False
        self.carried: list[str] = []
        self.given_up: list[str] = []

    def put(self, job_id: str, priority: int = 0) -> bool:
        if not self.is_up:
            return False
        self.carried.append(job_id)
        return True if self.loses else super().put(job_id, priority)

    def done(self, job_id: str) -> None:
        super().done(job_id)
        if job_id in self.given_up:
            self.given_up.remove(job_id)

    def spoilt(self) -> list[str]:
        return list(self.given_up)

    def problems(self) -> list[str]:
        return [] if self.is_up else ["the broker is away"]


@pytest.fixture
def queue() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def service(tmp_path: Path, queue: Elsewhere, clock: Clock) -> Iterator[Service]:
    config = Config(
        work_dir=tmp_path / "work",
        reachable=(tmp_path,),
        task=TASK,
        preload=("tests.jobs.tasks",),
        slots=1,
        cpus=1,
        job_limit=None,
        exclusive=False,
        lease=0.3,
        patience=1e6,
    )
    blobs = LocalBlobs(tmp_path / "blobs", SignedLinks(b"s" * 32))
    with Engine(config, MemoryStore(), queue, blobs, clock=clock) as engine:
        yield Service(engine)


def test_each_job_is_put_once_while_all_goes_well(service: Service, queue: Elsewhere) -> None:
    jobs = [service.submit(do="work", seconds=0.1) for _ in range(6)]
    assert {service.engine.wait(job.id, 30).state for job in jobs} == {State.SUCCEEDED}
    assert queue.carried == [job.id for job in jobs]


def test_a_lost_message_is_sent_again_after_a_while(
    service: Service, queue: Elsewhere, clock: Clock
) -> None:
    queue.loses = True
    job = service.submit()
    queue.loses = False
    clock.now += LATER
    assert service.engine.wait(job.id, 30).state is State.SUCCEEDED
    assert queue.carried == [job.id] * 2


def test_a_broker_that_is_away_delays_jobs_until_it_is_back(
    service: Service, queue: Elsewhere
) -> None:
    queue.is_up = False
    jobs = [service.submit() for _ in range(3)]
    assert "the broker is away" in service.engine.healthy()
    queue.is_up = True
    assert {service.engine.wait(job.id, 30).state for job in jobs} == {State.SUCCEEDED}
    assert sorted(queue.carried) == sorted(job.id for job in jobs)


def test_a_job_whose_message_was_given_up_fails(service: Service, queue: Elsewhere) -> None:
    queue.loses = True
    job = service.submit()
    queue.given_up.append(job.id)
    ended = service.engine.wait(job.id, 30)
    assert ended.state is State.FAILED
    assert ended.failure is not None
    assert ended.failure.code == "job_crashed"
    until(lambda: queue.given_up == [])
    assert service.engine.keys.balance(service.key.id).reserved == 0
