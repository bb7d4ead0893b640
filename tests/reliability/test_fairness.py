"""An attacker's traffic beside an honest client's: what the honest one notices of it."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import httpx
import numpy as np
import pytest

from tests.http import photos
from tests.http.native.asking import bearer
from tests.http.running import ANIMATE, RunningServer
from tests.http.sockets import connected, read_answer
from tests.http.test_fairness import MIB, beginning, head
from tests.http.test_keys import keys

Attack = Callable[[RunningServer, str, threading.Event], None]
LOOPS = 60


def announcing(server: RunningServer, secret: str, over: threading.Event) -> None:
    """Announces much and sends little."""
    while not over.is_set():
        with suppress(OSError), connected(server.address, 5) as connection:
            connection.sendall(head("/v1/animations", secret, 96 * MIB) + beginning(250))
            over.wait(0.5)


def previewing(server: RunningServer, secret: str, over: threading.Event) -> None:
    """Asks for what costs nothing, again and again."""
    photo = photos.jpeg(1280, 720)
    with server.client(headers=bearer(server, secret)) as client:
        while not over.is_set():
            for path in ("/v1/previews", "/v1/mattes"):
                with suppress(httpx.TransportError):
                    client.post(path, files={"image": photo})
            over.wait(0.02)


def connecting(server: RunningServer, secret: str, over: threading.Event) -> None:
    """Opens connections from another address, says half a request, and holds them."""
    url = httpx.URL(server.address)
    with ExitStack() as stack:
        for _ in range(60):
            if over.is_set():
                return
            with suppress(OSError):
                connection = socket.create_connection(
                    (url.host, url.port or 80), 5, source_address=("127.0.0.2", 0)
                )
                stack.enter_context(connection)
                connection.sendall(b"GET / HTTP/1.1\r\nX-")
        over.wait(5)


ATTACKS: dict[str, tuple[Attack, int]] = {
    "announced lengths": (announcing, 8),
    "free work": (previewing, 6),
    "half-open connections": (connecting, 3),
}
"""What an attacker does, and in how many threads."""


@contextmanager
def attacked(server: RunningServer, attack: Attack, threads: int) -> Iterator[None]:
    secret = keys(server, "create", attack.__name__, "--credits", "0")["secret"]
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            attack(server, secret, over)

    running = [threading.Thread(target=serve) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in running:
            thread.join()


def served(server: RunningServer, loops: int) -> tuple[Sequence[float], Counter[int]]:
    """The seconds of each of an honest client's loops, one after another; and the statuses."""
    seconds, statuses = [], Counter[int]()
    photo = photos.jpeg(320, 200)
    with server.client(headers=server.headers) as client:
        for _ in range(loops):
            begin = time.perf_counter()
            answer = client.post(ANIMATE, files={"image": photo}, data={"operation": "11"})
            seconds.append(time.perf_counter() - begin)
            statuses[answer.status_code] += 1
    return seconds, statuses


def test_an_honest_client_is_served_beside_each_attack(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(rate_limit=60, job_limit=8, queue_length=8)
    keys(server, "limit", "first", "--rate", "6000")
    for attack, threads in ATTACKS.values():
        with attacked(server, attack, threads):
            _, statuses = served(server, 4)
        assert set(statuses) == {200}, attack.__name__


@pytest.mark.slow
def test_answers_on_an_open_connection_come_at_once(launch: Callable[..., RunningServer]) -> None:
    """Prints the figure of benchmarks/reliability.md."""
    server = launch()
    seconds = []
    with connected(server.address) as connection:
        for _ in range(500):
            begin = time.perf_counter()
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(connection).status_code == 200
            seconds.append(time.perf_counter() - begin)
    p50, p99 = np.percentile(seconds[1:], [50, 99]) * 1000
    print(f"\nanswers after the first: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_an_honest_client_notices_of_attacks(launch: Callable[..., RunningServer]) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    server = launch(rate_limit=60, job_limit=8, queue_length=8)
    keys(server, "limit", "first", "--rate", "6000")
    served(server, 5)
    for name, (attack, threads) in ATTACKS.items():
        # In turns, so that what else the machine does counts for both.
        alone, beside, refused = [], [], Counter[int]()
        for _ in range(3):
            alone += served(server, LOOPS // 3)[0]
            with attacked(server, attack, threads):
                seconds, statuses = served(server, LOOPS // 3)
            beside += seconds
            refused += statuses
            keys(server, "revoke", attack.__name__)
        before, after = (np.percentile(times, [50, 99]) for times in (alone, beside))
        print(
            f"\n{name}: alone p50 {before[0]:.2f} s, p99 {before[1]:.2f} s; attacked p50 "
            f"{after[0]:.2f} s, p99 {after[1]:.2f} s; {dict(refused)}"
        )
        assert set(refused) == {200}
