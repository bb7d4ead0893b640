"""Where deliveries meet slots, without a broker."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from windstill.adapters.celery import desk as module
from windstill.adapters.celery.desk import Delivery, Desk

SOON = 5.0


def delivery(job_id: str, *, high: bool = False, tag: int = 1) -> Delivery:
    return Delivery(job_id, high, tag, era=1)


@pytest.fixture
def desk() -> Desk:
    return Desk(lambda: None)


def waiting(desk: Desk, count: int, found: list[str | None]) -> list[threading.Thread]:
    """So many slots that wait, and put what they get into `found`."""
    threads = [threading.Thread(target=lambda: found.append(desk.take(SOON))) for _ in range(count)]
    for thread in threads:
        thread.start()
    until(lambda: desk.demand() == count)
    return threads


def until(condition: Callable[[], bool]) -> None:
    turn = threading.Event()
    while not condition():
        turn.wait(0.002)


def test_there_is_demand_for_as_many_as_slots_wait(desk: Desk) -> None:
    found: list[str | None] = []
    threads = waiting(desk, 2, found)
    desk.deliver(delivery("a"))
    until(lambda: found == ["a"])
    assert desk.demand() == 1
    desk.deliver(delivery("b"))
    for thread in threads:
        thread.join()
    assert desk.demand() == 0
    assert desk.busy


def test_a_slot_between_two_takes_still_counts_but_not_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.take(0) is None
    assert desk.demand() == 1
    monkeypatch.setattr(module, "LINGER", -1.0)
    assert desk.demand() == 0


def test_surplus_goes_back_lowest_first(desk: Desk) -> None:
    assert desk.take(0) is None
    for number, high in enumerate((False, True, False)):
        desk.deliver(delivery(str(number), high=high, tag=number))
    assert [given.job_id for given in desk.surplus()] == ["0", "2"]
    assert desk.surplus() == []
    assert desk.take(0) == "1"


def test_a_second_message_of_a_taken_job_is_finished_with_the_first(desk: Desk) -> None:
    desk.take(0)
    desk.deliver(delivery("a", tag=1))
    assert desk.take(0) == "a"
    desk.deliver(delivery("a", tag=2))
    assert desk.take(0) is None
    desk.finish("a")
    assert [told.tag for told in desk.finished()] == [1, 2]
    assert not desk.busy


def test_a_second_message_of_a_waiting_job_is_forgotten(desk: Desk) -> None:
    desk.take(0)
    desk.deliver(delivery("a", tag=1))
    desk.deliver(delivery("a", tag=2))
    assert [told.tag for told in desk.finished()] == [2]
    assert desk.take(0) == "a"


def test_with_the_connection_goes_what_nobody_has_taken(desk: Desk) -> None:
    desk.take(0)
    desk.deliver(delivery("a"))
    desk.forget()
    assert desk.take(0) is None


def test_closing_gives_everything_back_that_is_not_taken(desk: Desk) -> None:
    desk.take(0)
    desk.deliver(delivery("a"))
    desk.close()
    assert desk.take(SOON) is None
    assert [given.job_id for given in desk.surplus()] == ["a"]
    assert desk.demand() == 0
