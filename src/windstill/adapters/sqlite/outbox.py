"""Messages on their way, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from windstill.adapters.rows import from_message, to_message
from windstill.adapters.sqlite.database import Database
from windstill.jobs.callbacks import Message

_DUE = """
    SELECT * FROM (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY key_id ORDER BY next_at) AS turn FROM outbox
        WHERE next_at <= ? AND key_id NOT IN (SELECT value FROM json_each(?))
    ) WHERE turn <= ? ORDER BY turn, next_at LIMIT ?
"""


class SqliteOutbox:
    """The part of the store that is about messages; see `windstill.jobs.ports.Outbox`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def take_messages(
        self,
        now: float,
        until: float,
        limit: int = 20,
        *,
        of_key: int = 20,
        busy: Collection[str] = (),
    ) -> list[Message]:
        """See the port."""
        with self.database.reading() as db:
            if db.execute("SELECT 1 FROM outbox WHERE next_at <= ?", (now,)).fetchone() is None:
                return []
        with self.database.writing() as db:
            rows = db.execute(_DUE, (now, json.dumps(list(busy)), of_key, limit)).fetchall()
            taken = [to_message(row).taken(until) for row in rows]
            for message in taken:
                write_message(db, message)
            return taken

    def settle_message(self, message: Message) -> None:
        """See the port."""
        with self.database.writing() as db:
            write_message(db, message)

    def message(self, job_id: str) -> Message | None:
        """See the port."""
        with self.database.reading() as db:
            row = db.execute("SELECT * FROM outbox WHERE job_id = ?", (job_id,)).fetchone()
        return None if row is None else to_message(row)


def write_message(db: sqlite3.Connection, message: Message) -> None:
    """Stores a message, or its new state."""
    row = from_message(message)
    marks = ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT OR REPLACE INTO outbox ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608


def forget_messages(db: sqlite3.Connection, before: float) -> None:
    """Removes messages of a time before that need nothing more."""
    db.execute("DELETE FROM outbox WHERE next_at IS NULL AND created_at < ?", (before,))
