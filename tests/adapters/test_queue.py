"""The contract of `windstill.jobs.ports.JobQueue`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from windstill.jobs.ports import JobQueue

Make = Callable[[int], JobQueue]

SOON = 5.0
"""More than enough for an id to come that is on its way."""
AWHILE = 0.2
"""What is not there by then is not in the queue."""


def test_ids_come_by_priority_then_in_order(make_queue: Make) -> None:
    queue = make_queue(10)
    for job_id, priority in (("a", 0), ("b", 0), ("c", 5), ("d", -1)):
        assert queue.put(job_id, priority)
    assert len(queue) == 4
    assert [queue.take(SOON) for _ in range(4)] == ["c", "a", "b", "d"]
    assert queue.take(AWHILE) is None


def test_there_is_room_for_so_many(make_queue: Make) -> None:
    queue = make_queue(2)
    if not getattr(queue, "bound", None):
        pytest.skip("admission alone bounds a queue that lives elsewhere")
    assert queue.put("a")
    assert queue.put("b")
    assert not queue.put("c")
    queue.take(0)
    assert queue.put("c")


def test_an_id_is_handed_out_once_until_it_is_done(make_queue: Make) -> None:
    queue = make_queue(2)
    assert queue.put("a")
    assert queue.put("a")
    assert len(queue) >= 1
    assert queue.take(SOON) == "a"
    assert queue.put("a")
    assert queue.take(AWHILE) is None
    queue.done("a")
    queue.done("never taken")
    assert queue.put("a")
    assert queue.take(SOON) == "a"


def test_each_id_is_taken_by_one_of_many(make_queue: Make) -> None:
    queue = make_queue(1000)
    taken: list[str] = []

    def work() -> None:
        while (job_id := queue.take(30)) is not None:
            taken.append(job_id)
            if job_id == "last":
                queue.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(500):
        queue.put(str(number))
    queue.put("last", -1)
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted([*map(str, range(500)), "last"])


def test_closing_ends_every_wait(make_queue: Make) -> None:
    queue = make_queue(1)
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(queue.take(None)))
    thread.start()
    queue.close()
    thread.join()
    assert found == [None]
    assert queue.take(None) is None
