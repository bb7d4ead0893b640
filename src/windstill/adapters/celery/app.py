"""The Celery application: its queues on the broker, and what a message is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu import Queue

TASK = "windstill.run"
"""Name of the task; its only argument, and its id, are the job's id."""

DELIVERIES = 8
"""How often the broker delivers a message anew at most. More often than the engine begins a job,
so that the store decides wherever it can; this bounds what kills a worker before it asks the store.
"""

RPC_SECONDS = 2.0
"""How long the broker may take for one answer before the connection is given up."""

_CONNECT_SECONDS = 2.0
_HEARTBEAT = 6
"""Seconds; after two of them a machine that fell silent gets no more, and what it had goes on."""


@dataclass(frozen=True)
class Broker:
    """An application on one broker, and its three queues: for jobs of high and of normal
    priority, and for what was delivered too often.
    """

    app: Any
    high: Any
    normal: Any
    dead: Any
    address: str

    @property
    def queues(self) -> tuple[Any, ...]:
        """All queues, in the order in which they must be declared."""
        return (self.dead, self.high, self.normal)


def make_broker(url: str, name: str = "windstill") -> Broker:
    """The application for a broker at an amqp:// or amqps:// address; connects to nothing yet.

    name: what the names of the queues begin with.
    """
    dead = Queue(f"{name}.dead", queue_arguments={"x-queue-type": "quorum"})
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead.name,
        # A dead letter is a job that must fail: it may no more be lost than the others.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    high, normal = (
        Queue(f"{name}.{level}", queue_arguments=arguments) for level in ("high", "normal")
    )
    app = Celery(name, broker=url, set_as_current=False)
    app.conf.update(
        task_queues=(high, normal),
        task_default_queue=normal.name,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_heartbeat=_HEARTBEAT,
        broker_pool_limit=None,
        broker_transport_options={"confirm_publish": True},
    )
    parts = urlsplit(url)
    if parts.scheme == "amqps":
        app.conf.broker_use_ssl = {
            "cert_reqs": ssl.CERT_REQUIRED,  # by the system's authorities
            "server_hostname": None,  # the address's
        }
    host = parts.hostname or "127.0.0.1"
    port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
    return Broker(app, high, normal, dead, f"{parts.scheme}://{host}:{port}{parts.path}")
