"""`JobQueue` on a message broker."""

from __future__ import annotations

import time
from contextlib import suppress

from kombu.exceptions import OperationalError

from windstill.adapters.celery.app import RPC_SECONDS, make_broker
from windstill.adapters.celery.consumer import Consumer
from windstill.adapters.celery.desk import Delivery
from windstill.adapters.celery.publisher import PUT_SECONDS, Publisher
from windstill.jobs.errors import StoreError

_SELDOM = 30.0
_SOON = 2.0
_LATELY = 6.0


class CeleryQueue:
    """Implements `windstill.jobs.ports.JobQueue` with Celery's messages on RabbitMQ.

    Ids of priority above 0 come before the others. An id may be in the queue more than once; one
    that is taken here is not handed out again until it is done. No call waits longer than about a
    second for a broker, except `take`, for its own time.
    """

    def __init__(self, url: str, name: str = "windstill") -> None:
        self._broker = make_broker(url, name)
        self._publisher = Publisher(self._broker)
        self._consumer = Consumer(self._broker)
        self._dead: dict[str, Delivery] = {}
        self.address = self._broker.address

    @property
    def reoffer(self) -> float:
        """See the port. Soon after a failure, as messages may not have arrived."""
        failed_at = max(self._publisher.failed_at, self._consumer.failed_at)
        return _SOON if _is_recent(failed_at) else _SELDOM

    def put(self, job_id: str, priority: int = 0) -> bool:
        """See the port. Also works after `close`, so that what is given back is not delayed."""
        return self._publisher.put(job_id, high=priority > 0)

    def take(self, timeout: float | None = None) -> str | None:
        """See the port."""
        self._consumer.start()
        return self._consumer.desk.take(timeout)

    def done(self, job_id: str) -> None:
        """See the port."""
        delivery = self._dead.pop(job_id, None)
        if delivery is not None:
            self._consumer.bury(delivery)
        self._consumer.desk.finish(job_id)

    def spoilt(self) -> list[str]:
        """See the port."""
        with suppress(IndexError):
            while True:
                job_id, delivery = self._consumer.dead.popleft()
                self._dead[job_id] = delivery
        return list(self._dead)

    def problems(self) -> list[str]:
        """See the port."""
        self._publisher.start()
        self._publisher.settled.wait(PUT_SECONDS)
        troubles = [self._publisher.trouble, self._consumer.trouble]
        if _is_recent(self._publisher.unconfirmed_at):
            troubles.append(f"the broker at {self.address} confirms no messages")
        if not self._publisher.settled.is_set():
            troubles.append(f"the broker at {self.address} doesn't answer")
        return sorted({trouble for trouble in troubles if trouble is not None})

    def close(self) -> None:
        """See the port. What was taken may still be `done`."""
        self._consumer.desk.close()
        self._consumer.end()

    def release(self) -> None:
        """Ends all connections, once the broker was told what is done.

        What was taken and is not done is delivered to another.
        """
        self.close()
        self._consumer.desk.drop()
        self._consumer.wake()
        self._publisher.end()
        self._consumer.join(RPC_SECONDS)
        self._publisher.join(RPC_SECONDS)

    def __len__(self) -> int:
        """See the port. Raises `StoreError` when the broker can't be asked."""
        connection = self._broker.app.connection_for_read()
        try:
            connection.ensure_connection(max_retries=0)
            connection.connection.sock.settimeout(RPC_SECONDS)
            channel = connection.channel()
            queues = (self._broker.high, self._broker.normal)
            found = [queue(channel).queue_declare(passive=True) for queue in queues]
            return sum(queue.message_count for queue in found)
        except (OSError, OperationalError, *connection.connection_errors) as error:
            raise StoreError(f"The broker at {self.address} can't be asked: {error}.") from error
        finally:
            connection.collect()


def _is_recent(moment: float) -> bool:
    return time.monotonic() - moment < _LATELY
