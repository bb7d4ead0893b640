"""How many jobs a second PostgreSQL takes in and lets be finished, by one process and by four.

    python -m benchmarks.postgres

A server of its own, with every commit on the disk, and its clients share the machine.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tests.servers.postgres import start_postgres

from windstill.adapters.postgres import PostgresQueue, PostgresStore
from windstill.jobs.accounts import Bounds, Key, Secret
from windstill.jobs.model import Job, Lease, Result, new_id

JOBS = 1200
HOUR = 3600.0

Work = Callable[[PostgresStore, str, int], int]


def main() -> None:
    """Prints both rates for every number of processes, with a key each and with one for all."""
    with tempfile.TemporaryDirectory(prefix="windstill-rate-") as folder:
        server = start_postgres(Path(folder), sync=True, shared_buffers="128MB")
        try:
            for shared in (False, True):
                for processes in (1, 4):
                    url = server.create_database()
                    names = ["k0" if shared else f"k{n}" for n in range(processes)]
                    _make_keys(url, set(names))
                    taken = rate(url, submit, names)
                    ended = rate(url, finish, names)
                    whose = "one key" if shared else "a key each"
                    print(f"{processes} x, {whose}: {taken:.0f} submits/s, {ended:.0f} ends/s")
        finally:
            server.stop()


def rate(url: str, work: Work, names: list[str]) -> float:
    """Jobs a second that processes, one for each key named, get done together."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(len(names))
    with context.Manager() as manager:
        told = manager.list()
        arguments = (url, work, JOBS // len(names), start, told)
        members = [context.Process(target=_member, args=(name, *arguments)) for name in names]
        for member in members:
            member.start()
        for member in members:
            member.join()
        done, begun, ended = zip(*told, strict=True)
    return float(sum(done) / (max(ended) - min(begun)))


def submit(store: PostgresStore, key: str, count: int) -> int:
    """Takes in `count` jobs of a key."""
    for _ in range(count):
        now = time.time()
        job = Job(id=new_id(), key_id=key, cost=15, created_at=now, deadline=now + HOUR)
        store.submit(job, Bounds(queue=10**6))
    return count


def finish(store: PostgresStore, key: str, count: int) -> int:
    """Claims and finishes what waits, until nothing does."""
    queue, done = PostgresQueue(store), 0
    while (job_id := queue.take(0)) is not None:
        done += _ended(store, job_id)
        queue.done(job_id)
    return done


def _ended(store: PostgresStore, job_id: str) -> bool:
    lease = Lease(new_id(), "benchmark", time.time() + HOUR)
    result = Result(f"results/{job_id}", "video/mp4", 1)
    begun = store.change(job_id, lambda job: job.claimed(lease, time.time()), durable=False)
    if begun is None:
        return False
    now = time.time()
    return (
        store.change(job_id, lambda job: job.succeeded(lease.token, result, now, now + HOUR))
        is not None
    )


def _member(key: str, url: str, work: Work, count: int, start: Barrier, told: list[object]) -> None:
    with closing(PostgresStore(url)) as store:
        start.wait()
        begun = time.time()
        told.append((work(store, key, count), begun, time.time()))


def _make_keys(url: str, names: set[str]) -> None:
    with closing(PostgresStore(url)) as store:
        now = time.time()
        for name in names:
            secret = Secret(prefix=name, digest=name.encode(), created_at=now)
            store.add_key(Key(id=name, name=name, created_at=now), secret)


if __name__ == "__main__":
    main()
