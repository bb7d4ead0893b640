"""The job store in one SQLite file."""

from windstill.adapters.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
