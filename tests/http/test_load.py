"""Many clients at once: everybody is answered, and the service is as it was before."""

from __future__ import annotations

import io
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import av
import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import checked
from tests.http.running import SMALL_LOOPS, RunningServer, until

PHOTOS = [(120, 80), (320, 200), (640, 420)]
LARGE_PHOTOS = [*PHOTOS, (1280, 720), (1900, 1400)]


def handles(server: RunningServer) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def threads(server: RunningServer) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/task"))


def resident(server: RunningServer) -> int:
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def children(server: RunningServer) -> set[int]:
    """All processes below the server."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
    found = {server.process.pid}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {server.process.pid}


def press(
    server: RunningServer, bodies: list[bytes], clients: int, seconds: float
) -> tuple[Counter[int], list[str]]:
    """Lets clients call again and again; returns the statuses and the links they got."""
    statuses: Counter[int] = Counter()
    urls: list[str] = []
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def one(index: int) -> None:
        turn = index
        while time.monotonic() < end:
            response = server.animate(bodies[turn % len(bodies)])
            body = checked(response)
            with lock:
                statuses[response.status_code] += 1
                if response.status_code == 200:
                    urls.append(body["data"]["url"])
            if response.status_code == 429:
                threading.Event().wait(min(1.0, float(response.headers["retry-after"])) / 4)
            turn += 1

    running = [threading.Thread(target=one, args=(index,)) for index in range(clients)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return statuses, urls


def check(
    launch: Callable[..., RunningServer], bodies: list[bytes], seconds: float
) -> Counter[int]:
    server = launch(queue_length=8)
    press(server, bodies, 32, seconds / 5)
    before, memory, kept = handles(server), resident(server), threads(server)
    statuses, urls = press(server, bodies, 32, seconds)
    assert set(statuses) <= {200, 429}, statuses
    assert statuses[200] > 0
    for url in urls[:: max(1, len(urls) // 20)]:
        with av.open(io.BytesIO(httpx.get(url).content)) as container:
            assert sum(1 for _ in container.decode(video=0)) == 16
    # The fork server, and a process for each slot that waits for the next job.
    until(lambda: len(children(server)) <= 1 + int(SMALL_LOOPS["slots"]))
    until(lambda: handles(server) <= before + 24)  # a few for each thread that uses the database
    assert threads(server) <= kept + 32
    assert resident(server) < memory + 150 * 2**20
    until(lambda: not [x for x in server.files() if "upload" in str(x) or "work" in x.parts])
    return statuses


def test_many_clients_for_a_moment(launch: Callable[..., RunningServer]) -> None:
    check(launch, [photos.jpeg(*size) for size in PHOTOS], 2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_clients_for_three_minutes(launch: Callable[..., RunningServer]) -> None:
    bodies = [photos.jpeg(*size) for size in LARGE_PHOTOS]
    bodies += [photos.of_size(20_000), photos.of_size(1_000_000), photos.of_size(3_000_000)]
    check(launch, bodies, 180)
