"""Asking a cluster for jobs, and looking into its database for what became of them."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from PIL import Image

from tests.jobs.leftovers import jobs_below, processes_below
from tests.pictures import china
from tests.servers.cluster import Cluster, Member
from windstill.adapters.postgres import PostgresStore
from windstill.jobs.model import Job, State

ANIMATE = "/api/image/effects/image-fine-tuning"
SHORT = {"operation": "1", "seconds": "2", "fps": "8", "max_side": "320"}
LONG = {"operation": "1", "seconds": "6", "fps": "24"}


def photo(side: int = 640) -> bytes:
    """A photo with a sky, as a file."""
    made = io.BytesIO()
    picture = Image.fromarray(china())
    picture.resize((side, side * 2 // 3)).save(made, "JPEG", quality=90)
    return made.getvalue()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Returns once a condition holds."""
    deadline = time.monotonic() + seconds
    turn = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        turn.wait(0.005)


class Watch:
    """A client of the cluster with an eye on its store."""

    def __init__(self, running: Cluster) -> None:
        self.running = running
        self.store = PostgresStore(running.postgres.url)
        (self.key,) = (key for key in self.store.list_keys() if key.name == "cluster")
        self.spent = self.store.balance(self.key.id).spent
        self.known = {job.id for job in self.store.jobs(self.key.id, limit=100_000)}
        self.client = httpx.Client(timeout=90, headers={"ailabapi-api-key": running.key})

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()
        self.store.close()

    def call(self, service: Member, body: bytes, operation: str = "1") -> httpx.Response:
        """The compatible call."""
        return self.client.post(
            service.address + ANIMATE,
            files={"image": ("photo.jpg", body)},
            data={"operation": operation},
        )

    def submit(self, service: Member, body: bytes, **options: str) -> str:
        """The id of a new animation."""
        answer = self.client.post(
            service.address + "/v1/animations",
            files={"image": ("photo.jpg", body)},
            data=options or SHORT,
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def submit_many(self, count: int, body: bytes, **options: str) -> list[str]:
        """Ids of new animations, asked for at all services in turn."""
        services = self.running.services
        with ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(self.submit, services[number % len(services)], body, **options)
                for number in range(count)
            ]
            return [one.result() for one in asked]

    def job(self, job_id: str) -> Job:
        """As the store has it."""
        found = self.store.job(job_id)
        assert found is not None
        return found

    def ended(self, ids: Sequence[str], seconds: float = 120.0) -> list[Job]:
        """The jobs once all of them have ended."""
        until(lambda: all(self.job(job_id).finished for job_id in ids), seconds)
        return [self.job(job_id) for job_id in ids]

    def attached(self) -> str:
        """The id of a job whose client waits on its connection, as soon as there is one."""
        found: list[Job] = []

        def look() -> bool:
            jobs = self.store.jobs(self.key.id)
            found[:] = [job for job in jobs if job.attached and not job.finished]
            return bool(found)

        until(look)
        return found[0].id

    def begun(self, job_id: str) -> Job:
        """The job once it runs."""
        until(lambda: self.job(job_id).state is not State.QUEUED)
        return self.job(job_id)

    def runner_of(self, job: Job) -> Member:
        """The worker that runs it."""
        assert job.lease is not None
        pid = int(job.lease.holder.split(":")[1])
        (found,) = (member for member in self.running.workers if member.process.pid == pid)
        return found

    def check_credits(self) -> None:
        """Asserts that each success since the beginning was charged exactly once."""
        jobs = self.store.jobs(self.key.id, limit=100_000)
        cost = sum(
            job.cost for job in jobs if job.state is State.SUCCEEDED and job.id not in self.known
        )
        balance = self.store.balance(self.key.id)
        assert (balance.spent - self.spent, balance.reserved) == (cost, 0)

    def fetch(self, url: str) -> bytes:
        """What a link leads to, opened without a key."""
        answer = httpx.get(url, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.content


def replaced(running: Cluster, member: Member, **settings: Any) -> Member:
    """A new member in place of one that has ended."""
    running.members.remove(member)
    role = {"services" if member.role == "serve" else "workers": 1}
    return running.add(**role, **settings)[0]


def job_processes(running: Cluster) -> set[int]:
    """Processes below the fork servers of the workers."""
    workers = [worker.process.pid for worker in running.workers]
    servers = [pid for worker in workers for pid in processes_below(worker)]
    return {pid for server in servers for pid in jobs_below(server)}


@contextmanager
def frozen(running: Cluster, count: int) -> Iterator[None]:
    """As soon as so many jobs run: they come no farther until the end of the block."""
    until(lambda: len(job_processes(running)) == count)
    found = job_processes(running)
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
