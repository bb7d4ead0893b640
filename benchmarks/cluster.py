"""What many machines cost and give: throughput, overhead of the engine, and restarts.

    python -m benchmarks.cluster throughput PHOTO [--jobs 8] [--size 512x512]
    python -m benchmarks.cluster overhead PHOTO [--jobs 15]
    python -m benchmarks.cluster restart PHOTO [--jobs 8]

Starts PostgreSQL, RabbitMQ, an object store, services and workers as plain processes on this
machine, beside the embedded mode, and prints tables.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image
from tests.servers.cluster import Cluster, Member, cluster

from windstill.adapters.postgres import PostgresStore
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.model import Job, State
from windstill.jobs.ports import JobStore

ANIMATE = "/api/image/effects/image-fine-tuning"
SIZES = ((512, 512), (1280, 720))
Sizes = Sequence[tuple[int, int]]
CLIENTS = 6
ROUNDS = 3
SHAPES = ((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 2, 1))
"""Services, workers, and slots of each worker."""


@dataclass
class Running:
    """A service somewhere, however many processes it has."""

    name: str
    addresses: Sequence[str]
    key: str
    store: JobStore

    def load(self, body: bytes, jobs: int, clients: int = CLIENTS) -> tuple[float, list[Job]]:
        """Seconds for so many jobs, asked for by so many clients, and the jobs."""
        turns = itertools.cycle(self.addresses)
        known = {job.id for job in self.jobs()}
        begin = time.perf_counter()
        with httpx.Client(timeout=300) as client, ThreadPoolExecutor(clients) as pool:
            asked = [pool.submit(self.call, client, next(turns), body) for _ in range(jobs)]
            for one in asked:
                one.result()
        spent = time.perf_counter() - begin
        return spent, [job for job in self.jobs() if job.id not in known]

    def call(self, client: httpx.Client, address: str, body: bytes) -> None:
        """One compatible call."""
        answer = client.post(
            address + ANIMATE,
            headers={"ailabapi-api-key": self.key},
            files={"image": ("photo.jpg", body)},
            data={"operation": "11"},
        )
        assert answer.json()["error_code"] == 0, answer.text

    def jobs(self) -> list[Job]:
        """All jobs so far."""
        return [
            job for key in self.store.list_keys() for job in self.store.jobs(key.id, limit=100_000)
        ]


@contextmanager
def embedded(folder: Path) -> Iterator[Running]:
    """One service with everything in it, on two slots."""
    settings: dict[str, object] = {
        "data": folder / "embedded",
        "queue_length": 1000,
        "rate_limit": 0,
        "job_limit": 0,
        "slots": 2,
        "answer_seconds": 300,
    }
    secret = folder / "embedded-key"
    if not secret.exists():
        made = subprocess.run(
            [sys.executable, "-m", "windstill.cli", "keys", "create", "bench"],
            env={**os.environ, "WINDSTILL_DATA": str(settings["data"])},
            check=True,
            capture_output=True,
            text=True,
        )
        secret.write_text(made.stdout.strip())
    member = Member("serve", folder, 0, settings)
    store = SqliteStore(folder / "embedded" / "windstill.db")
    try:
        member.wait_until_ready()
        yield Running("embedded, 2 slots", [member.address], secret.read_text(), store)
    finally:
        member.stop()
        store.close()


@contextmanager
def shaped(servers: Cluster, services: int, workers: int, slots: int) -> Iterator[Running]:
    """Members of these numbers on the cluster's servers."""
    servers.add(services=services, workers=workers, slots=slots)
    store = PostgresStore(servers.postgres.url)
    try:
        addresses = [member.address for member in servers.services]
        name = f"{services} service, {workers} worker x {slots} slot"
        yield Running(name, addresses, servers.key, store)
    finally:
        store.close()
        servers.stop()
        servers.members.clear()


def everything(folder: Path, servers: Cluster) -> Iterator[Running]:
    """The embedded mode, then each shape of the cluster, one at a time."""
    with embedded(folder) as running:
        yield running
    for shape in SHAPES:
        with shaped(servers, *shape) as running:
            yield running


def throughput(folder: Path, servers: Cluster, photo: Path, jobs: int, sizes: Sizes) -> None:
    """Jobs a second under load. All shapes take turns, so that what else the machine does meets
    each of them; the median of the rounds counts.
    """
    rates: dict[tuple[str, tuple[int, int]], list[float]] = {}
    try:
        for _ in range(ROUNDS):
            for running in everything(folder, servers):
                for size in sizes:
                    body = resized(photo, size)
                    running.load(body, 2)  # what is loaded once
                    spent, done = running.load(body, jobs)
                    assert [job.state for job in done] == [State.SUCCEEDED] * jobs
                    rates.setdefault((running.name, size), []).append(jobs / spent)
    finally:
        print("| what runs | photo | jobs a second, median | of the rounds |")
        print("| --- | --- | --- | --- |")
        for (name, size), found in rates.items():
            rounds = ", ".join(f"{rate:.2f}" for rate in found)
            print(f"| {name} | {size[0]}x{size[1]} | {statistics.median(found):.2f} | {rounds} |")


def overhead(folder: Path, servers: Cluster, photo: Path, jobs: int, sizes: Sizes) -> None:
    """What the engine adds to a job's own stages when nothing else runs."""
    print("| what runs | whole ms | stages ms | overhead ms | until begun ms | after that ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    body = resized(photo, sizes[0])
    for running in _embedded_then(folder, servers):
        running.load(body, 2, clients=1)
        done = running.load(body, jobs, clients=1)[1]
        rows = [_parts(job) for job in done]
        cells = (f"{1000 * statistics.median(column):.0f}" for column in zip(*rows, strict=True))
        print(f"| {running.name} | {' | '.join(cells)} |", flush=True)


def _embedded_then(folder: Path, servers: Cluster) -> Iterator[Running]:
    with embedded(folder) as running:
        yield running
    with shaped(servers, 1, 1, 2) as running:
        yield running


def _parts(job: Job) -> tuple[float, float, float, float, float]:
    assert job.result is not None
    assert job.started_at is not None
    whole, stages = _lasted(job), sum(job.result.facts["timings"].values())
    begun = job.started_at - job.created_at
    return whole, stages, whole - stages, begun, whole - stages - begun


def restart(folder: Path, servers: Cluster, photo: Path, jobs: int, sizes: Sizes) -> None:
    """From the kill -9 of a worker to the moment at which another has begun its job."""
    body = resized(photo, sizes[-1])
    delays = []
    with shaped(servers, 1, 2, 1) as running:
        for _ in range(jobs):
            delays.append(_restarted(running, servers, body))
            servers.add(workers=1)
    shown = ", ".join(f"{delay:.2f}" for delay in sorted(delays))
    print(f"seconds from kill -9 to restart: median {statistics.median(delays):.2f} ({shown})")


def _restarted(running: Running, servers: Cluster, body: bytes) -> float:
    known = {job.id for job in running.jobs()}
    with httpx.Client(timeout=300) as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(running.call, client, running.addresses[0], body)

        def find(wanted: Callable[[Job], bool]) -> Job:
            while True:
                found = [j for j in running.jobs() if j.id not in known and wanted(j)]
                if found:
                    return found[0]
                time.sleep(0.005)

        job = find(lambda job: job.lease is not None and job.stage == "video")
        assert job.lease is not None
        pid = int(job.lease.holder.split(":")[1])
        (worker,) = (member for member in servers.workers if member.process.pid == pid)
        killed_at = time.time()
        worker.kill()
        servers.members.remove(worker)
        again = find(lambda job: job.attempts == 2 and job.started_at is not None)
        asked.result()
    assert again.started_at is not None
    return again.started_at - killed_at


def resized(photo: Path, size: tuple[int, int]) -> bytes:
    """The photo at this size, as a file."""
    made = io.BytesIO()
    with Image.open(photo) as picture:
        picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(made, "JPEG", quality=90)
    return made.getvalue()


def _lasted(job: Job) -> float:
    assert job.finished_at is not None
    return job.finished_at - job.created_at


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n\n")[0])
    parser.add_argument("what", choices=("throughput", "overhead", "restart"))
    parser.add_argument("photo", type=Path)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--size", choices=[f"{w}x{h}" for w, h in SIZES], help="of photos")
    parser.add_argument("--without-broker", action="store_true", help="queue in the database")
    given = parser.parse_args()
    measure, jobs = {
        "throughput": (throughput, 8),
        "overhead": (overhead, 15),
        "restart": (restart, 8),
    }[given.what]
    sizes = [size for size in SIZES if given.size in (None, f"{size[0]}x{size[1]}")]
    # Whatever ends the measuring ends what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="windstill-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with cluster(folder, broker=not given.without_broker, answer_seconds=300) as servers:
            measure(folder, servers, given.photo, given.jobs or jobs, sizes)


if __name__ == "__main__":
    main()
