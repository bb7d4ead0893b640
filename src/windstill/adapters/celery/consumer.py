"""Taking ids from the broker: never more than there are free slots for."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from windstill.adapters.celery.app import Broker
from windstill.adapters.celery.desk import Delivery, Desk
from windstill.adapters.celery.link import Link

logger = logging.getLogger("windstill.queue")


class Consumer(Link):
    """Fetches a message when a slot is free, high priority first, and waits for one if there is
    none; tells the broker to forget it only when its job was settled.

    A busy worker holds no message that another could run: while all slots are busy, it asks for
    nothing, and what came in that moment goes back. (A prefetch limit alone would hold as many
    again, as quorum queues count it for each queue.)
    """

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, "windstill-consumer")
        self.desk = Desk(self.wake)
        self.dead: deque[tuple[str, Delivery]] = deque()
        self._buried: deque[Delivery] = deque()
        self._era = 0
        self._asked = 0
        self._channel: Any = None
        self._consumer: Any = None
        self._dead_consumer: Any = None

    def bury(self, delivery: Delivery) -> None:
        """A dead letter's job was settled."""
        self._buried.append(delivery)
        self.wake()

    def opened(self, connection: Any, channel: Any) -> None:
        """Takes the new channel into use."""
        self._era += 1
        self._asked = 0
        self._channel = channel
        self._consumer = None
        self._dead_consumer = self._consume([self.broker.dead], self._on_dead, 10)

    def turn(self) -> None:
        """Tells the broker what is finished, and asks for as much as there is room for."""
        finished = self.desk.finished()
        while self._buried:
            finished.append(self._buried.popleft())
        for delivery in finished:
            if delivery.era == self._era:
                self._channel.basic_ack(delivery.tag)
        demand = self.desk.demand()
        if demand > self._asked:
            self._ask(demand)
        elif demand <= 0:
            self._stop_asking()
        for delivery in self.desk.surplus():
            if delivery.era == self._era:
                self._channel.basic_reject(delivery.tag, requeue=True)

    def lost(self) -> None:
        """What was delivered will be delivered anew."""
        self.desk.forget()
        self.dead.clear()
        self._buried.clear()

    @property
    def done(self) -> bool:
        """Whether all that was taken is finished, and the broker knows."""
        return not self.desk.busy and not self._buried

    def _ask(self, demand: int) -> None:
        self._stop_asking()
        for queue in (self.broker.high, self.broker.normal):
            while demand > 0:
                message = queue(self._channel).get(no_ack=False)
                if message is None:
                    break
                self._on_message(message)
                demand = self.desk.demand()
        if demand > 0:
            queues = [self.broker.high, self.broker.normal]
            self._consumer = self._consume(queues, self._on_message, demand)
            self._asked = demand

    def _stop_asking(self) -> None:
        consumer, self._consumer, self._asked = self._consumer, None, 0
        if consumer is not None:
            consumer.cancel()

    def _consume(self, queues: list[Any], on_message: Any, prefetch: int) -> Any:
        consumer = self.broker.app.amqp.TaskConsumer(
            self._channel,
            [queue(self._channel) for queue in queues],
            on_message=on_message,
            auto_declare=False,
            no_ack=False,
        )
        # Of each consumer by itself: quorum queues know no limit of a whole channel.
        consumer.qos(prefetch_count=prefetch)
        consumer.consume()
        return consumer

    def _on_message(self, message: Any) -> None:
        self._asked = max(0, self._asked - 1)
        delivery = self._read(message)
        if delivery is not None:
            self.desk.deliver(delivery)

    def _on_dead(self, message: Any) -> None:
        delivery = self._read(message, stray="ack")
        if delivery is not None:
            self.dead.append((delivery.job_id, delivery))

    def _read(self, message: Any, stray: str = "reject") -> Delivery | None:
        """The delivery; a message that names no job leaves the queue."""
        job_id = message.headers.get("id")
        if not isinstance(job_id, str):
            logger.error("a message that is no job's was found in %s", self.broker.address)
            getattr(message, stray)()
            return None
        high = message.delivery_info.get("routing_key") == self.broker.high.name
        return Delivery(job_id, high, message.delivery_tag, self._era)
