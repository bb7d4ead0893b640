"""Every implementation of each port."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.examples import NOW, add_key, submit
from tests.adapters.waiting import connected
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.rabbitmq import available as rabbitmq_available
from tests.servers.s3 import S3Server, moto, nanio
from windstill.adapters.celery import CeleryQueue
from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.memory import MemoryStore
from windstill.adapters.postgres import PostgresQueue, PostgresStore
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.s3 import S3Blobs
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.ports import BlobStore, JobQueue, JobStore


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JobStore]:
    opened: JobStore
    if request.param == "memory":
        opened = MemoryStore()
    elif request.param == "sqlite":
        opened = SqliteStore(tmp_path / "jobs.db")
    else:
        opened = PostgresStore(request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A message broker."""
    if not rabbitmq_available():
        pytest.skip("rabbitmq-server is not installed")
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq") / "node") as broker:
        yield broker


class StoredQueue(PostgresQueue):
    """Puts ids of jobs that it submits itself, as this queue is the store's waiting jobs."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(store, reserve=1)
        self.key = add_key(store)
        self.numbers = itertools.count()

    def put(self, job_id: str, priority: int = 0) -> bool:
        if self.store.job(job_id) is None:
            created_at = NOW + next(self.numbers)
            submit(self.store, self.key, id=job_id, priority=priority, created_at=created_at)
        return super().put(job_id, priority)


@pytest.fixture(params=["process", "celery", "postgres"])
def make_queue(request: pytest.FixtureRequest) -> Iterator[Callable[[int], JobQueue]]:
    if request.param == "process":
        yield ProcessQueue
        return
    if request.param == "postgres":
        store = PostgresStore(request.getfixturevalue("postgres_url"))
        yield lambda bound: StoredQueue(store)
        store.close()
        return
    broker: RabbitMQ = request.getfixturevalue("rabbitmq")
    made: list[CeleryQueue] = []

    def make(bound: int) -> JobQueue:
        made.append(CeleryQueue(broker.url, f"test-{secrets.token_hex(4)}"))
        return connected(made[-1])

    yield make
    for queue in made:
        queue.release()


@pytest.fixture(scope="session")
def nanio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An object store that checks signatures."""
    with nanio(tmp_path_factory.mktemp("nanio")) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An object store that knows more of the interface."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(params=["local", "nanio", "moto"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "local":
        return LocalBlobs(tmp_path / "blobs", SignedLinks(b"s" * 32))
    server: S3Server = request.getfixturevalue(f"{request.param}_server")
    return S3Blobs(server.address(prefix=secrets.token_hex(8)))
