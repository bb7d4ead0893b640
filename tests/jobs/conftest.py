"""Engines on folders of their own, with a small stand-in for the animation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from windstill.adapters.embedded import open_engine
from windstill.jobs.config import MIB, ProcessLimits
from windstill.jobs.engine import Engine, Submission
from windstill.jobs.model import Job

TASK = "tests.jobs.tasks:behave"


class Clock:
    """A time that tests may move."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Service:
    """An engine with one key, and shorthand for what tests do with it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        names = [key.name for key in engine.keys.list()]
        key = engine.keys.find("tester") if "tester" in names else engine.keys.create("tester")[0]
        self.key = key

    def submit(self, photo: bytes = b"photo", *, key_id: str | None = None, **asked: Any) -> Job:
        """Submits a job that does what `asked` says; see tests.jobs.tasks."""
        names = ("kind", "attached", "priority", "cost", "idempotency_key", "patience")
        given = {name: asked.pop(name) for name in names if name in asked}
        request = Submission(
            key_id=key_id or self.key.id, photo=photo, payload=asked, **{"kind": "test", **given}
        )
        return self.engine.submit(request)

    def run(self, photo: bytes = b"photo", **asked: Any) -> Job:
        """Submits a job and waits for its end."""
        job = self.engine.wait(self.submit(photo, **asked).id, timeout=60)
        assert job.finished, job
        return job


def until(condition: Callable[[], bool]) -> None:
    """Returns once a condition holds; the test's own timeout is the limit."""
    turn = threading.Event()
    while not condition():
        turn.wait(0.01)


def blocked(service: Service, go: Path, **asked: Any) -> Job:
    """A job that has begun, and ends when the file `go` appears."""
    told = go.with_name(f"{go.name}-told-{len(list(go.parent.iterdir()))}")
    job = service.submit(do="wait", until=str(go), tell=str(told), **asked)
    until(told.exists)
    return job


def stored(service: Service, job: Job) -> Job:
    found = service.engine.store.job(job.id)
    assert found is not None
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services on the test's data folder; closes them afterwards."""
    started: list[Engine] = []

    def begin(**settings: Any) -> Service:
        chosen = {
            "task": TASK,
            "preload": ("tests.jobs.tasks",),
            "slots": 2,
            "cpus": 2,
            "job_limit": None,
            "grace": 0.1,
            # What jobs tell the tests lies beside the data folder.
            "reachable": (tmp_path,),
            "limits": ProcessLimits(memory=256 * MIB),
            **settings,
        }
        engine = open_engine(tmp_path / "data", **chosen)
        started.append(engine)
        engine.start()
        return Service(engine)

    yield begin
    for engine in started:
        engine.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder on which `start` starts services."""
    return tmp_path / "data"
