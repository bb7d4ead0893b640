"""Keys and jobs to store."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from windstill.jobs.accounts import Balance, Bounds, Key, Secret
from windstill.jobs.callbacks import Callback
from windstill.jobs.model import Job, Lease, Result, State
from windstill.jobs.ports import JobStore

NOW = 1_800_000_000.0
WIDE = Bounds(queue=10_000)
LEASE = Lease("token", "here", NOW + 30)

_numbers = itertools.count()


def add_key(store: JobStore, name: str = "anna", granted: int | None = None, **limits: Any) -> Key:
    """A key in the store."""
    number = next(_numbers)
    key = Key(id=f"key-{number}", name=name, created_at=NOW + number / 1000, **limits)
    digest = number.to_bytes(32, "big")
    store.add_key(key, Secret(prefix=f"ws{name}", digest=digest, created_at=NOW), granted)
    return key


def make_job(key: Key, **fields: Any) -> Job:
    """A job of a key, not yet submitted."""
    number = next(_numbers)
    given = {"id": f"job-{number:06}", "created_at": NOW, "deadline": NOW + 1000, "cost": 15}
    return Job(key_id=key.id, upload=f"uploads/{number}", **{**given, **fields})


def submit(store: JobStore, key: Key, **fields: Any) -> Job:
    """A job that waits."""
    return store.submit(make_job(key, **fields), WIDE)[0]


def claim(store: JobStore, job: Job, lease: Lease = LEASE) -> Job:
    """The job, running."""
    claimed = store.change(job.id, lambda job: job.claimed(lease, NOW))
    assert claimed is not None
    return claimed


def result_of(job: Job) -> Result:
    """What the job made."""
    return Result(f"results/{job.id}.mp4", "video/mp4", 5, {"moved": [{"element": "sky"}]})


def succeed(store: JobStore, job: Job, expires_at: float = NOW + 100) -> Job | None:
    """The job, done; None if it was not this lease's any more."""
    result = result_of(job)
    return store.change(job.id, lambda job: job.succeeded("token", result, NOW + 5, expires_at))


def callback(path: str = "done") -> Callback:
    """Somebody to be told."""
    return Callback(f"https://app.example.org/{path}", "https://loops.example.org")


@dataclass(frozen=True)
class Filled:
    """What `fill` put into a store."""

    key: Key
    waiting: Job
    running: Job
    done: Job


def fill(store: JobStore) -> Filled:
    """A key with a job in each of three states."""
    key = add_key(store, granted=100)
    waiting, running, done = (submit(store, key) for _ in range(3))
    claim(store, running)
    claim(store, done)
    succeed(store, done)
    return Filled(key, waiting, running, done)


def check_filled(store: JobStore, filled: Filled) -> None:
    """That all of it is there, and goes on."""
    ids = filled.waiting.id, filled.running.id, filled.done.id
    found = [store.job(id) for id in ids]
    assert [job and job.state for job in found] == [State.QUEUED, State.RUNNING, State.SUCCEEDED]
    assert [job and job.accepted_by for job in found] == [None, None, None]
    assert claim(store, filled.waiting).state is State.RUNNING
    for job in (filled.waiting, filled.running):
        assert succeed(store, job) is not None
    assert store.balance(filled.key.id) == Balance(granted=100, spent=45, reserved=0)
    attached = submit(store, filled.key, attached=True, accepted_by="api-1")
    stored = store.job(attached.id)
    assert stored is not None
    assert stored.accepted_by == "api-1"
