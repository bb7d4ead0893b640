"""The job store in a PostgreSQL database, and a queue that needs nothing beside it."""

from windstill.adapters.postgres.queue import PostgresQueue
from windstill.adapters.postgres.store import PostgresStore

__all__ = ["PostgresQueue", "PostgresStore"]
