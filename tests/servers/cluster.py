"""Windstill on many machines, as plain processes on loopback: a database, a broker, an object
store, services and workers. For tests, benchmarks and `make cluster`.
"""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer, programs, start_postgres
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.rabbitmq import available as rabbitmq_available
from tests.servers.s3 import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, nanio

START_SECONDS = 90.0


def missing() -> str | None:
    """What is not installed here and needed for a cluster."""
    if programs() is None:
        return "postgresql"
    return None if rabbitmq_available() else "rabbitmq-server"


class Member:
    """A process of the cluster: `windstill serve` or `windstill worker`."""

    def __init__(self, role: str, folder: Path, number: int, settings: dict[str, object]) -> None:
        self.role = role
        self.name = f"{role}-{number}"
        self.log = folder / f"{self.name}.log"
        self.port = free_port()
        names = ("host", "port") if role == "serve" else ("worker_host", "worker_port")
        given = {**settings, **dict(zip(names, ("127.0.0.1", self.port), strict=True))}
        kept = {name: value for name, value in os.environ.items() if "WINDSTILL" not in name}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "windstill.cli", role],
                env={**kept, **{f"WINDSTILL_{name.upper()}": str(v) for name, v in given.items()}},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                # An interrupt at the keyboard is for who started the cluster; he ends the members.
                start_new_session=True,
            )

    @property
    def address(self) -> str:
        """Where it answers: the service itself, or a worker's health."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        """Returns when /readyz says so."""
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(self.address):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends it at once, as a power failure would."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout: float = 60.0) -> int:
        """Asks it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Cluster:
    """The servers, and the members that were started so far. key: opens the services.

    settings: of all members, beside those that name the servers.
    """

    def __init__(
        self,
        folder: Path,
        postgres: PostgresServer,
        rabbitmq: RabbitMQ | None,
        store: S3Server | None,
        settings: dict[str, object],
    ) -> None:
        self.folder = folder
        self.postgres = postgres
        self.rabbitmq = rabbitmq
        self.store = store
        self.settings = {
            "data": folder / "data",
            "database": postgres.url,
            "broker": "" if rabbitmq is None else rabbitmq.url,
            "link_secret": secrets.token_hex(32),
            "webhook_secret": secrets.token_hex(32),
            "queue_length": 1000,
            # One key sends what many would.
            "rate_limit": 0,
            "job_limit": 0,
            **({} if store is None else _storage(store)),
            **settings,
        }
        self.members: list[Member] = []
        self._numbers = itertools.count(1)
        self.key = self.run("keys", "create", "cluster").strip()

    @property
    def services(self) -> list[Member]:
        """The members that answer clients."""
        return [member for member in self.members if member.role == "serve"]

    @property
    def workers(self) -> list[Member]:
        """The members that run jobs."""
        return [member for member in self.members if member.role == "worker"]

    def add(
        self, *, services: int = 0, workers: int = 0, slots: int = 1, **settings: object
    ) -> list[Member]:
        """Starts members, and returns when they are ready. slots: of each worker."""
        roles = ["serve"] * services + ["worker"] * workers
        chosen = {**self.settings, "run_jobs": "false", "slots": slots, **settings}
        added = [Member(role, self.folder, next(self._numbers), chosen) for role in roles]
        self.members += added
        for member in added:
            member.wait_until_ready()
        return added

    def stop(self) -> None:
        """Ends all members: services first, so that workers can finish what they have."""
        for group in (self.services, self.workers):
            for member in group:
                if member.process.poll() is None:
                    member.process.send_signal(signal.SIGTERM)
            for member in group:
                member.stop()

    def run(self, *arguments: str) -> str:
        """What a command of `windstill` prints, with the settings of the members."""
        given = {f"WINDSTILL_{name.upper()}": str(v) for name, v in self.settings.items()}
        return subprocess.run(
            [sys.executable, "-m", "windstill.cli", *arguments],
            env={**os.environ, **given},
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@contextmanager
def cluster(
    folder: Path, *, broker: bool = True, store: bool = True, **settings: object
) -> Iterator[Cluster]:
    """Starts the servers beside each other; without members yet. Ends everything at the end.

    broker, store: else the database's own queue, and a folder that all members share.
    """
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        (folder / "postgres").mkdir()
        postgres = pool.submit(start_postgres, folder / "postgres")
        rabbitmq = pool.submit(_rabbitmq, folder / "rabbitmq") if broker else None
        objects = stack.enter_context(nanio(folder / "objects")) if store else None
        if rabbitmq is not None:
            stack.callback(lambda: rabbitmq.result().stop())
        stack.callback(lambda: postgres.result().stop())
        made = Cluster(folder, postgres.result(), rabbitmq and rabbitmq.result(), objects, settings)
        stack.callback(made.stop)
        yield made


def is_ready(address: str) -> bool:
    """Whether a member says that it is."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _rabbitmq(folder: Path) -> RabbitMQ:
    broker = RabbitMQ(folder)
    broker.start()
    return broker


def _storage(store: S3Server) -> dict[str, object]:
    return {
        "storage": f"s3://{BUCKET}/windstill",
        "s3_endpoint": store.endpoint,
        "s3_access_key": ACCESS_KEY,
        "s3_secret_key": SECRET_KEY,
    }
