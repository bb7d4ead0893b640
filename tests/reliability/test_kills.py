"""Kill -9 of the service, its fork server and its jobs: nothing is lost, doubled or left over."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http import photos
from tests.http.native.asking import bearer, post
from tests.http.running import RunningServer, start_server, until
from tests.jobs.leftovers import processes_below, processes_in
from tests.jobs.test_kills import victims
from tests.reliability.killing import Batch, Target, kill_through
from tests.reliability.mutants import small_photo

COST = 15
SETTINGS = {"slots": 2, "queue_length": 16, "finish_seconds": 600}
OPTIONS = {"operation": "1"}
# A loop that takes seconds to make, so that there is time to kill it.
LONG = {"seconds": "12", "fps": "60"}
LARGE = 1280, 720


class Revived:
    """A service on one data folder that is started again whenever it was killed."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings = settings
        self.running = start_server(folder, **settings)
        self.secret = self.running.key

    def addresses(self) -> list[str]:
        return [self.running.address]

    def processes(self, kind: str) -> list[int]:
        return victims(self.running)[kind]

    def revive(self) -> None:
        self.running.stop()
        self.running = start_server(self.folder, **self.settings)

    def targets(self) -> list[Target]:
        return [
            Target("service", lambda: self.processes("service"), after=self.revive),
            Target("fork server", lambda: self.processes("server")),
            Target("job", lambda: self.processes("job")),
            Target("all", self.everything, together=True, after=self.revive),
        ]

    def everything(self) -> list[int]:
        pid = self.running.process.pid
        return [*processes_below(pid), pid]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Revived]:
    found = Revived(tmp_path, **SETTINGS)
    yield found
    found.running.stop()


def photo(number: int) -> bytes:
    """Every sixth one is cut off."""
    whole = small_photo(number)
    return whole[: len(whole) // 2] if number % 6 == 5 else whole


def large_photo() -> bytes:
    return photos.coded(photos.scene(*LARGE), "JPEG", quality=85)


def check(service: Revived, batch: Batch, total: int) -> None:
    """Asserts that every job ended exactly once, was paid for once, and left nothing."""
    assert len({job["id"] for job in batch.jobs}) == total == len(listed(service))
    states = batch.states()
    assert set(states) <= {"succeeded", "corrupt_photo", "job_crashed", "job_interrupted"}
    assert states["job_crashed"] <= batch.killed["job"] + batch.killed["all"]
    for number, job in enumerate(batch.jobs):
        if job["state"] == "succeeded":
            assert number % 6 != 5
            assert len(httpx.get(link(service, job)).content) == job["result"]["bytes"]
    settled_once(service, states["succeeded"])
    assert service.running.stop() == 0
    assert not processes_in(service.running.data)
    left = service.running.files()
    assert len(left) == states["succeeded"], "every file is a result"
    assert {path.parent.name for path in left} <= {"results"}


def link(service: Revived, job: dict[str, Any]) -> str:
    """Links begin with the address at which they were asked for."""
    _, mark, path = job["result"]["url"].partition("/files/")
    return service.running.address + mark + path


def listed(service: Revived) -> list[dict[str, Any]]:
    """All animations of the key."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = httpx.get(
            f"{service.running.address}/v1/animations",
            params=query,
            headers=bearer(service.running, service.secret),
        ).json()
        found += page["animations"]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


def settled_once(service: Revived, succeeded: int) -> None:
    with closing(sqlite3.connect(service.running.data / "windstill.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        charged = Counter(
            row[0] for row in db.execute("SELECT job_id FROM ledger WHERE reason = 'charge'")
        )
        spent, attempts = (
            db.execute(query).fetchone()[0]
            for query in ("SELECT SUM(spent) FROM keys", "SELECT MAX(attempts) FROM jobs")
        )
    assert set(charged.values()) <= {1}
    assert len(charged) == succeeded
    assert spent == COST * succeeded
    assert attempts <= 3


def test_a_few_kills_lose_nothing(service: Revived) -> None:
    batch = kill_through(
        service.addresses,
        service.secret,
        [photo(number) for number in range(12)],
        service.targets(),
        kills=3,
        seed=1,
        options={**OPTIONS, "seconds": "2", "fps": "8"},
    )
    assert batch.killed.total() == 3
    check(service, batch, 12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills_in_two_hundred_jobs(service: Revived) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    batch = kill_through(
        service.addresses,
        service.secret,
        [photo(number) for number in range(200)],
        service.targets(),
        kills=50,
        seed=2,
        options={**OPTIONS, "seconds": "2", "fps": "8"},
    )
    print(
        f"\n{batch.killed.total()} kills {dict(batch.killed)} in 200 jobs, {batch.seconds:.0f} s, "
        f"{batch.repeats} requests repeated: {dict(batch.states())}"
    )
    assert batch.killed.total() == 50
    check(service, batch, 200)


def test_a_job_whose_process_always_dies_ends_and_its_neighbours_never_notice(
    service: Revived,
) -> None:
    server = service.running
    poison = post(server, large_photo(), **OPTIONS, **LONG).json()["id"]
    others = [post(server, small_photo(number), **OPTIONS).json()["id"] for number in range(6)]
    while shown(service, poison)["finished_at"] is None:
        kill(running(server, poison))
    assert shown(service, poison)["error"]["code"] == "job_crashed"
    assert 1 <= attempts(server, poison) <= 3
    until(lambda: all(shown(service, other)["finished_at"] for other in others))
    assert {shown(service, other)["state"] for other in others} == {"succeeded"}
    assert {attempts(server, other) for other in others} == {1}
    assert httpx.get(f"{server.address}/readyz").status_code == 200


@pytest.mark.slow
def test_a_job_that_always_takes_the_service_along_is_begun_three_times(tmp_path: Path) -> None:
    service = Revived(tmp_path, **{**SETTINGS, "slots": 1})
    try:
        poison = post(service.running, large_photo(), **OPTIONS, **LONG).json()["id"]
        others = [post(service.running, small_photo(n), **OPTIONS).json()["id"] for n in range(4)]
        while shown(service, poison)["finished_at"] is None:
            if running(service.running, poison):
                assert attempts(service.running, poison) <= 3
                kill(service.everything())
                service.revive()
        assert shown(service, poison)["error"]["code"] == "job_interrupted"
        assert attempts(service.running, poison) == 3
        until(lambda: all(shown(service, other)["finished_at"] for other in others))
        assert {shown(service, other)["state"] for other in others} == {"succeeded"}
    finally:
        service.running.stop()


def running(server: RunningServer, job_id: str) -> set[int]:
    """The processes that work on a job now."""
    folders = (server.data / "work").glob(f"{job_id}-*")
    return {pid for folder in folders for pid in processes_in(folder)}


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def attempts(server: RunningServer, job_id: str) -> int:
    with closing(sqlite3.connect(server.data / "windstill.db")) as db:
        found = db.execute("SELECT attempts FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return int(found[0])


def shown(service: Revived, job_id: str) -> dict[str, Any]:
    answer = httpx.get(
        f"{service.running.address}/v1/animations/{job_id}",
        headers=bearer(service.running, service.secret),
    )
    found: dict[str, Any] = answer.json()
    return found
