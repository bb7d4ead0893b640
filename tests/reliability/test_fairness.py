"""An attacker's traffic beside an honest client's: what the honest one notices of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from tests.http import photos
from tests.http.running import ANIMATE, RunningServer
from tests.http.sockets import connected, read_answer
from tests.http.test_keys import keys
from tests.reliability.attacks import ATTACKS
from tests.reliability.guards import ROOT

LOOPS, TURNS = 120, 10


@contextmanager
def attacked(server: RunningServer, name: str) -> Iterator[None]:
    """Inside, somebody with a key without credits attacks."""
    key = name.replace(" ", "-")
    secret = keys(server, "create", key, "--credits", "0")["secret"]
    attacker = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.attacks", name, server.address, secret],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == "attacking\n"
        yield
    finally:
        attacker.communicate()
        keys(server, "revoke", key)


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
    for name in ATTACKS:
        with attacked(server, name):
            _, statuses = served(server, 4)
        assert set(statuses) == {200}, name


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
    for name in ATTACKS:
        # In turns, so that what else the machine does counts for both.
        alone, beside, refused = [], [], Counter[int]()
        for _ in range(TURNS):
            alone += served(server, LOOPS // TURNS)[0]
            with attacked(server, name):
                seconds, statuses = served(server, LOOPS // TURNS)
            beside += seconds
            refused += statuses
        before, after = (np.percentile(times, [50, 99]) for times in (alone, beside))
        print(
            f"\n{name}: alone p50 {before[0]:.2f} s, p99 {before[1]:.2f} s; attacked p50 "
            f"{after[0]:.2f} s, p99 {after[1]:.2f} s; {dict(refused)}"
        )
        assert set(refused) == {200}
