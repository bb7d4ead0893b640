"""Waiting for what comes about by itself; the limit is the test's own timeout."""

from __future__ import annotations

import threading
from collections.abc import Callable

from windstill.adapters.celery import CeleryQueue


def until(condition: Callable[[], bool]) -> None:
    """Returns once a condition holds."""
    turn = threading.Event()
    while not condition():
        turn.wait(0.01)


def connected(queue: CeleryQueue) -> CeleryQueue:
    """The queue, once its broker was reached: on a busy machine that can take several attempts,
    and until then every put is refused, as it should be.
    """
    until(lambda: not queue.problems())
    return queue
