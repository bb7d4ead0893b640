"""Many clients of both APIs at once: nobody meets an error, and every job taken is done."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import checked
from tests.http.native.asking import bearer
from tests.http.running import ANIMATE, RunningServer
from tests.reliability.usage import Usage


@dataclass
class Load:
    """Answers by what they were, and for how long the clients of each API waited for a loop."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    rest: threading.Event = field(default_factory=threading.Event)

    def note(self, api: str, what: str, seconds: float | None = None) -> None:
        with self.lock:
            self.answers[f"{api}: {what}"] += 1
            if seconds is not None:
                self.seconds.setdefault(api, []).append(seconds)

    def refused(self, api: str, answer: httpx.Response) -> None:
        """A refusal must say when to come back; the client does, a little impatiently."""
        self.note(api, str(answer.status_code))
        self.rest.wait(min(2.0, float(answer.headers["retry-after"])) / 2)


def compatible(load: Load, server: RunningServer, client: httpx.Client, photo: bytes) -> None:
    begin = time.monotonic()
    answer = client.post(ANIMATE, files={"image": photo}, data={"operation": "11"})
    body = checked(answer)
    if answer.status_code != 200:
        load.refused("compatible", answer)
        return
    path = "/files/" + body["data"]["url"].partition("/files/")[2]
    assert client.get(path).status_code == 200
    load.note("compatible", "200", time.monotonic() - begin)


def native(load: Load, server: RunningServer, client: httpx.Client, photo: bytes) -> None:
    begin = time.monotonic()
    options = {"seconds": "2", "fps": "8"}
    headers = bearer(server)
    answer = client.post("/v1/animations", headers=headers, files={"image": photo}, data=options)
    if answer.status_code != 202:
        assert answer.json()["code"] == "queue_full", answer.text
        load.refused("native", answer)
        return
    job = answer.json()
    while job["finished_at"] is None:
        load.rest.wait(0.25)
        job = client.get(f"/v1/animations/{job['id']}", headers=headers).json()
    load.note("native", job["state"], time.monotonic() - begin)


def press(server: RunningServer, bodies: list[bytes], seconds: float, clients: int = 32) -> Load:
    """Lets half of the clients use each API again and again."""
    load, end = Load(), time.monotonic() + seconds

    def one(number: int) -> None:
        use = native if number % 2 else compatible
        with server.client(headers=server.headers) as client:
            turn = number
            while time.monotonic() < end:
                use(load, server, client, bodies[turn % len(bodies)])
                turn += 1

    running = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return load


def check(server: RunningServer, load: Load) -> None:
    wanted = {"compatible: 200", "compatible: 429", "native: succeeded", "native: 429"}
    assert set(load.answers) <= wanted, load.answers
    assert min(load.answers["compatible: 200"], load.answers["native: succeeded"]) > 0
    assert Usage.of(server).files == 0
    assert not server.records("unexpected error")


def test_many_clients_for_a_moment(launch: Callable[..., RunningServer]) -> None:
    server = launch()
    check(server, press(server, [photos.jpeg(120, 80), photos.jpeg(200, 140)], 1.5, clients=12))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_clients_for_ten_minutes(launch: Callable[..., RunningServer]) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    server = launch(queue_length=8)
    sizes = [(120, 80), (320, 200), (640, 420), (1280, 720)]
    bodies = [photos.jpeg(*size) for size in sizes]
    press(server, bodies, 20)
    before = Usage.of(server)
    load = press(server, bodies, 600)
    after = Usage.of(server)
    waits = ", ".join(
        f"{api} {sorted(times)[len(times) // 2]:.1f} s at the median, {max(times):.1f} s at most"
        for api, times in load.seconds.items()
    )
    print(f"\n{dict(load.answers)}; {waits}; before {before}, after {after}")
    check(server, load)
    assert after.memory < before.memory + 64 * 2**20
