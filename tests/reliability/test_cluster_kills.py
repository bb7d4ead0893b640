"""Kill -9 of every part of a cluster: jobs, workers, services, broker and database."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.cluster.conftest import whole_cluster
from tests.cluster.watch import ANIMATE, Watch, job_processes, until
from tests.jobs.leftovers import processes_in
from tests.reliability.killing import Target, kill_through
from tests.reliability.mutants import small_photo
from tests.servers.cluster import Cluster, Member
from windstill.jobs.model import State

OPTIONS = {"operation": "1", "seconds": "2", "fps": "8"}


@pytest.fixture
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of the test's own, as it is stopped at the end to see what is left."""
    with whole_cluster(tmp_path_factory) as started:
        yield started


def targets(running: Cluster) -> list[Target]:
    """Every part but the object store, and how an operator's supervisor brings it back."""

    def revive(members: Callable[[], list[Member]], role: str) -> Callable[[], None]:
        def again() -> None:
            until(lambda: any(member.process.poll() is not None for member in members()))
            for member in members():
                if member.process.poll() is not None:
                    running.members.remove(member)
                    running.add(**{role: 1})

        return again

    def database() -> None:
        running.postgres.kill()
        running.postgres.start()

    broker = running.rabbitmq
    assert broker is not None
    services, workers = (lambda: running.services), (lambda: running.workers)
    return [
        Target("job", lambda: list(job_processes(running))),
        Target("worker", lambda: pids(workers()), after=revive(workers, "workers")),
        Target("service", lambda: pids(services()), after=revive(services, "services")),
        Target("broker", lambda: [broker.pid], after=broker.restart),
        Target("database", lambda: [running.postgres.pid], after=database),
    ]


def pids(members: list[Member]) -> list[int]:
    return [member.process.pid for member in members]


def run(running: Cluster, *, total: int, kills: int, seed: int) -> str:
    """Kills parts of the cluster while jobs are done; returns the figures."""
    with Watch(running) as watch:
        batch = kill_through(
            lambda: [member.address for member in running.services],
            running.key,
            [photo(number) for number in range(total)],
            targets(running),
            kills=kills,
            seed=seed,
            options=OPTIONS,
        )
    # Opened anew: the database was killed, and what is on its disk counts.
    with Watch(running) as watch:
        jobs = watch.store.jobs(watch.key.id, limit=100_000)
        assert {job.id for job in jobs} == {job["id"] for job in batch.jobs}
        assert len(jobs) == total
        assert all(job.finished for job in jobs)
        assert max(job.attempts for job in jobs) <= 3
        succeeded = [job for job in jobs if job.state is State.SUCCEEDED]
        balance = watch.store.balance(watch.key.id)
        assert (balance.spent, balance.reserved) == (sum(job.cost for job in succeeded), 0)
    states = batch.states()
    assert set(states) <= {"succeeded", "corrupt_photo", "job_crashed", "job_interrupted"}
    for made in batch.jobs:
        if made["state"] == "succeeded":
            assert len(httpx.get(made["result"]["url"]).content) == made["result"]["bytes"]
    assert batch.killed.total() == kills
    again = sum(job.attempts > 1 for job in jobs)
    return (
        f"{kills} kills {dict(batch.killed)} in {total} jobs, {batch.seconds:.0f} s, "
        f"{batch.repeats} requests repeated, {again} jobs begun again: {dict(states)}"
    )


def photo(number: int) -> bytes:
    """Every sixth one is cut off."""
    whole = small_photo(number)
    return whole[: len(whole) // 2] if number % 6 == 5 else whole


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills_of_a_cluster_lose_nothing(members: Cluster) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    print("\n" + run(members, total=200, kills=50, seed=4))
    members.stop()
    assert not processes_in(Path(members.folder) / "data")


class Callers:
    """Clients of the compatible API, each of which waits on its connection for each loop."""

    def __init__(self, running: Cluster) -> None:
        self.running = running
        self.over = threading.Event()
        self.links: list[str] = []
        self.broken = 0

    def call(self, number: int) -> None:
        """Asks one loop after another until all is over."""
        chance = random.Random(number)
        with httpx.Client(timeout=90, headers={"ailabapi-api-key": self.running.key}) as client:
            while not self.over.is_set():
                service = chance.choice(self.running.services)
                try:
                    answer = client.post(
                        service.address + ANIMATE,
                        files={"image": ("photo.jpg", small_photo(number))},
                        data={"operation": "1"},
                    )
                except httpx.TransportError:
                    self.broken += 1
                    self.over.wait(0.1)
                else:
                    self.links.append(answer.json()["data"]["url"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_calls_that_a_killed_service_can_not_answer_cost_nothing(members: Cluster) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    kills, chance = 12, random.Random(5)
    callers = Callers(members)
    with Watch(members) as watch:
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(callers.call, number) for number in range(4)]
            for count in range(1, kills + 1):
                until(lambda enough=4 * count: len(callers.links) >= enough)
                callers.over.wait(chance.uniform(0, 0.5))
                victim = chance.choice(members.services)
                members.members.remove(victim)
                victim.kill()
                members.add(services=1)
            callers.over.set()
            for one in asked:
                one.result()
        ids = [job.id for job in watch.store.jobs(watch.key.id, limit=100_000)]
        jobs = watch.ended(ids)
        watch.check_credits()
    ends = Counter(job.failure.code if job.failure else str(job.state) for job in jobs)
    unanswered = ends["succeeded"] - len(callers.links)
    assert set(ends) <= {"succeeded", "job_interrupted"}
    # Between its settlement and its answer there are milliseconds for a kill.
    assert 0 <= unanswered <= kills // 4
    print(
        f"\n{kills} kills in {len(jobs)} jobs: {dict(ends)}, {callers.broken} calls broken, "
        f"{unanswered} charged without an answer"
    )
