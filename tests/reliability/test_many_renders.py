"""One service makes loop after loop, and holds no more afterwards than before."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.http.envelopes import succeeded
from tests.http.running import RunningServer
from tests.reliability.mutants import small_head, small_photo
from tests.reliability.usage import Usage, slope

SETTINGS = {"seconds": 2, "fps": 8, "slots": 1}


def render(server: RunningServer, count: int, every: int) -> list[Usage]:
    """Makes `count` loops, sky and hair in turns, and notes what is held after every few."""
    sky, hair = small_photo(), small_head()
    noted = []
    for number in range(count):
        if number % every == 0:
            noted.append(Usage.of(server))
        photo, operation = ((sky, "1"), (hair, "10"))[number % 2]
        succeeded(server.animate(photo, operation))
    return [*noted, Usage.of(server)]


def check(noted: list[Usage]) -> None:
    """Asserts that nothing but memory differs between the first and the last."""
    first, last = noted[0], noted[-1]
    assert last.handles <= first.handles + 2
    assert last.threads <= first.threads + 2
    assert (last.processes, last.files) == (first.processes, first.files) == (2, 0)


def test_a_few_loops_leave_nothing(launch: Callable[..., RunningServer]) -> None:
    server = launch(**SETTINGS)
    noted = render(server, 12, every=4)[1:]
    check(noted)
    assert noted[-1].memory - noted[0].memory < 2**20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_loops_leave_nothing(launch: Callable[..., RunningServer]) -> None:
    """Prints the figures of benchmarks/reliability.md."""
    server = launch(**SETTINGS)
    begin = time.monotonic()
    render(server, 100, every=50)
    noted = render(server, 1000, every=10)
    growth = slope([usage.memory for usage in noted]) / 10
    print(
        f"\n1,100 loops in {time.monotonic() - begin:.0f} s; {growth / 1000:.2f} KB a job; "
        f"first {noted[0]}, last {noted[-1]}"
    )
    check(noted)
    assert growth < 5_000
