"""Sending ids to the broker, in bounded time."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any

from windstill.adapters.celery.app import TASK, Broker
from windstill.adapters.celery.link import Link

PUT_SECONDS = 1.0
"""How long a put waits for the broker's word that the message is safe."""


class Publisher(Link):
    """Publishes messages, each confirmed by the broker before it counts.

    While there is no connection, a put is refused at once instead of waiting in turn.
    unconfirmed_at: when that failed, unless it worked since; by the monotonic clock.
    """

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, "windstill-publisher")
        self._orders: deque[tuple[str, bool, Future[bool]]] = deque()
        self._lock = threading.Lock()
        self._producer: Any = None
        self.unconfirmed_at = float("-inf")

    def put(self, job_id: str, *, high: bool) -> bool:
        """Whether the broker has the message. False says nothing: it may have."""
        if self._ending.is_set():
            return False
        self.start()
        outcome: Future[bool] = Future()
        with self._lock:
            if self.trouble is not None:
                self.failed_at = time.monotonic()
                return False
            self._orders.append((job_id, high, outcome))
        self.wake()
        try:
            return outcome.result(PUT_SECONDS)
        except TimeoutError:
            self.failed_at = self.unconfirmed_at = time.monotonic()
            return False

    def opened(self, connection: Any, channel: Any) -> None:
        """Takes the new channel into use."""
        self._producer = self.broker.app.amqp.Producer(channel, auto_declare=False)

    def turn(self) -> None:
        """Sends what is to be sent."""
        while self._orders:
            job_id, high, outcome = self._orders[0]
            try:
                self._send(job_id, self.broker.high if high else self.broker.normal)
            except Exception:
                self.unconfirmed_at = time.monotonic()
                raise
            with self._lock:
                self._orders.popleft()
            self.unconfirmed_at = float("-inf")
            outcome.set_result(True)

    def _send(self, job_id: str, queue: Any) -> None:
        self.broker.app.send_task(
            TASK,
            args=(job_id,),
            task_id=job_id,
            producer=self._producer,
            queue=queue,
            declare=[],
            retry=False,
            ignore_result=True,
            # A queue that somebody removed is made again with the next connection.
            mandatory=True,
            confirm_timeout=PUT_SECONDS,
        )

    def lost(self) -> None:
        """Tells all who wait that it will not be soon."""
        with self._lock:
            orders = list(self._orders)
            self._orders.clear()
        for _, _, outcome in orders:
            outcome.set_result(False)

    @property
    def done(self) -> bool:
        """Whether everything was sent."""
        return not self._orders
