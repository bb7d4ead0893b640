"""Kill -9 at random moments, of the service, of its fork server and of job processes."""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.jobs.leftovers import files_below, processes_below, processes_in
from tests.jobs.service import ENDS
from windstill.adapters.embedded import open_engine

ROOT = Path(__file__).parents[2]


class Victim:
    """The service as a process."""

    def __init__(self, data: Path, total: int, do: str = "") -> None:
        self.has_started = self.is_done = False
        self.log = data.with_name("log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.jobs.service", str(data), str(total), do],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def starts_within(self, seconds: float) -> bool:
        """Whether it runs jobs before this time is over."""
        return self._says(b"started\n", seconds)

    def ends_within(self, seconds: float) -> bool:
        """Whether it is done before this time is over."""
        self.is_done = self.is_done or self._says(b"done\n", seconds)
        return self.is_done

    def _says(self, word: bytes, seconds: float) -> bool:
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.process.stdout], [], [], left)[0]:
                line = self.process.stdout.readline()
                self.has_started = self.has_started or bool(line)
                if line == word:
                    return True
                if not line:
                    return False
        return False

    def close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()


def victims(victim: Victim) -> dict[str, list[int]]:
    """The processes of a service by what they are."""
    service = victim.process.pid
    below = processes_below(service)
    parents = {pid: _parent(pid) for pid in below}
    servers = [pid for pid, parent in parents.items() if parent == service]
    jobs = [pid for pid, parent in parents.items() if parent in servers]
    return {"service": [service], "server": servers, "job": jobs}


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def gone(data: Path, seconds: float) -> bool:
    """Whether nothing works in the folder any more before this time is over."""
    deadline = time.monotonic() + seconds
    while processes_in(data):
        if time.monotonic() > deadline:
            return False
    return True


def kill_and_restart(data: Path, total: int, kills: int, seed: int) -> Counter[str]:
    """Lets the service work through its jobs while it is killed again and again."""
    drawn = random.Random(seed)
    killed: Counter[str] = Counter()
    last = ""
    victim = Victim(data, total)
    try:
        while sum(killed.values()) < kills:
            if drawn.random() < 0.7 and not victim.has_started:
                victim.starts_within(60)
            if victim.ends_within(drawn.uniform(0.0, 0.3)):
                break
            kind = drawn.choice(["service", "service", "server", "job", "server and service"])
            known = victims(victim)
            targets = (
                known["server"] + known["service"] if kind == "server and service" else known[kind]
            )
            if not targets:
                continue
            for pid in targets if kind == "server and service" else [drawn.choice(targets)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed[kind] += 1
            if "service" in kind:
                victim.close()
                # What a job had started in turn outlives both, until the next start.
                assert "server" in kind + last or gone(data, 5), "processes outlived their service"
                victim = Victim(data, total)
            last = kind
        assert victim.ends_within(240), victim.log.read_text()[-3000:]
    finally:
        victim.process.kill()
        victim.close()
    return killed


def check(data: Path, total: int) -> Counter[str]:
    """Asserts that every job was done or failed exactly once, and nothing was left."""
    assert gone(data, 5)
    db = sqlite3.connect(data / "windstill.db")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        states = Counter(dict(db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state")))
        jobs = db.execute("SELECT id, state, idempotency_key, result_blob FROM jobs").fetchall()
        charges = db.execute("SELECT job_id FROM ledger WHERE reason = 'charge'").fetchall()
        account = db.execute("SELECT granted, spent, succeeded, failed FROM keys").fetchall()
    finally:
        db.close()
    assert sum(states.values()) == total
    assert set(states) <= {"succeeded", "failed"}
    succeeded = {job for job, state, _, _ in jobs if state == "succeeded"}
    assert Counter(job for (job,) in charges) == Counter(succeeded)
    counted = (15 * total, 15 * len(succeeded), len(succeeded), states["failed"])
    assert account == [counted]
    for _, state, number, _ in jobs:
        if ENDS[int(number) % len(ENDS)] in ("refuse", "crash"):
            assert state == "failed"
    assert files_below(data / "blobs") == {blob for _, _, _, blob in jobs if blob is not None}
    for _, _, number, blob in jobs:
        if blob is not None:
            made = (data / "blobs" / blob).read_bytes()
            assert made == b"video of photo %d" % int(number)
    assert files_below(data / "work") == {"lock"}
    assert os.listdir(data / "work") == ["lock"]
    return states


def test_a_killed_service_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    killed = kill_and_restart(tmp_path / "data", total=30, kills=6, seed=1)
    assert killed["service"] + killed["server and service"] > 0
    check(tmp_path / "data", total=30)


def test_jobs_end_with_a_service_and_a_server_killed_in_one_moment(tmp_path: Path) -> None:
    data = tmp_path / "data"
    victim = Victim(data, total=1, do="breed")
    try:
        deadline = time.monotonic() + 60
        while not (data.is_dir() and len(processes_in(data / "work")) > 6):
            assert time.monotonic() < deadline
        for pid in victims(victim)["server"] + [victim.process.pid]:
            os.kill(pid, signal.SIGKILL)
    finally:
        victim.close()
    with open_engine(data, slots=0):
        assert gone(data / "work", 5)
    assert os.listdir(data / "work") == ["lock"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_kills_at_random_moments(tmp_path: Path) -> None:
    killed = kill_and_restart(tmp_path / "data", total=90, kills=40, seed=2)
    states = check(tmp_path / "data", total=90)
    print(f"\nkilled: {dict(killed)}; jobs: {dict(states)}")
    assert sum(killed.values()) >= 20
