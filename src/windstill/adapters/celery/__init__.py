"""The queue of jobs on Celery with RabbitMQ; see docs/decisions/queue.md."""

from windstill.adapters.celery.queue import CeleryQueue

__all__ = ["CeleryQueue"]
