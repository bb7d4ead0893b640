"""Thousands of damaged and odd files: each is answered soon, and the service is as before."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pytest

from tests.http import photos
from tests.http.envelopes import checked
from tests.http.running import ANIMATE, RunningServer
from tests.reliability.mutants import collected, mutants
from tests.reliability.usage import Usage, metric

CLIENTS = 2


@dataclass
class Seen:
    """Statuses of all answers, codes of the refusals, and the seconds each refusal took."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def send(server: RunningServer, files: Iterable[bytes]) -> Seen:
    """Sends every file, several at a time, and notes what is answered."""
    seen, lock, waiting = Seen(), threading.Lock(), iter(files)

    def one(_: int) -> None:
        with server.client(headers=server.headers) as client:
            while True:
                with lock:
                    content = next(waiting, None)
                if content is None:
                    return
                begin = time.perf_counter()
                parts = {"image": ("photo.jpg", content)}
                answer = client.post(ANIMATE, files=parts, data={"operation": "11"})
                seconds = time.perf_counter() - begin
                body = checked(answer)
                with lock:
                    seen.statuses[answer.status_code] += 1
                    if answer.status_code != 200:
                        seen.codes[body["error_detail"]["code"]] += 1
                        seen.seconds.append(seconds)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(one, range(CLIENTS)))
    return seen


def check(server: RunningServer, files: list[bytes]) -> tuple[Seen, Usage, Usage]:
    """Sends the files, and asserts what holds however many they are."""
    jobs, crashes = (
        metric(server, "windstill_jobs_total"),
        metric(server, "windstill_jobs_total", failure="job_crashed"),
    )
    send(server, [photos.jpeg(), photos.jpeg()[:500]] * 4)
    before = Usage.of(server)
    seen = send(server, files)
    after = Usage.of(server)
    assert seen.statuses.total() == len(files)
    assert max(seen.statuses) < 500, seen.codes
    assert seen.statuses[429] == 0
    # Each job that was begun has told how it ended, and none by dying.
    assert metric(server, "windstill_jobs_total") - jobs <= len(files) + 8
    assert metric(server, "windstill_jobs_total", failure="job_crashed") == crashes
    assert metric(server, "windstill_job_server_restarts_total") == 0
    assert metric(server, "windstill_jobs_running") == 0
    assert after.files == 0
    assert after.processes == before.processes
    assert after.handles <= before.handles + 8
    return seen, before, after


def test_mutated_photos_are_answered_and_nothing_stays(sturdy: RunningServer) -> None:
    seen, before, after = check(sturdy, list(mutants(32, seed=5)) + collected()[::150])
    assert seen.statuses[422] > 10
    assert after.memory < before.memory + 16 * 2**20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_hostile_files(launch: Callable[..., RunningServer]) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    server = launch()
    known = collected()
    files = known + list(islice(mutants(10_000, seed=6), 10_000 - len(known)))
    begin = time.monotonic()
    seen, before, after = check(server, files)
    p50, p99 = np.percentile(seen.seconds, [50, 99]) * 1000
    print(
        f"\n{len(files)} files ({len(known)} collected) in {time.monotonic() - begin:.0f} s: "
        f"{dict(seen.statuses)}, {dict(seen.codes)}; refusals p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
        f"longest {max(seen.seconds) * 1000:.0f} ms; before {before}, after {after}"
    )
    assert after.memory < before.memory + 24 * 2**20
