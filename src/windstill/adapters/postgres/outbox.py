"""Messages on their way, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection

from windstill.adapters.postgres.connection import Connection
from windstill.adapters.postgres.database import Database
from windstill.adapters.rows import from_message, to_message
from windstill.jobs.callbacks import Message

# What another process takes at this moment is left out only once it is locked, so that fewer than
# there are may be found; the rest is for the next time.
_DUE = """
    SELECT outbox.* FROM outbox JOIN (
        SELECT job_id, ROW_NUMBER() OVER (PARTITION BY key_id ORDER BY next_at) AS turn
        FROM outbox WHERE next_at <= %(now)s AND key_id <> ALL(%(busy)s::text[])
    ) AS turns USING (job_id)
    WHERE turn <= %(of_key)s AND next_at <= %(now)s ORDER BY turn, next_at LIMIT %(limit)s
    FOR UPDATE OF outbox SKIP LOCKED
"""


class PostgresOutbox:
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
        query = "SELECT 1 FROM outbox WHERE next_at <= %s LIMIT 1"
        if self.database.read(lambda db: db.execute(query, (now,)).fetchone()) is None:
            return []

        def take(db: Connection) -> list[Message]:
            rows = db.execute(
                _DUE, {"now": now, "busy": list(busy), "of_key": of_key, "limit": limit}
            ).fetchall()
            taken = [to_message(row).taken(until) for row in rows]
            for message in taken:
                write_message(db, message)
            return taken

        return self.database.write(take)

    def settle_message(self, message: Message) -> None:
        """See the port."""
        self.database.write(lambda db: write_message(db, message))

    def message(self, job_id: str) -> Message | None:
        """See the port."""
        query = "SELECT * FROM outbox WHERE job_id = %s"
        row = self.database.read(lambda db: db.execute(query, (job_id,)).fetchone())
        return None if row is None else to_message(row)


def write_message(db: Connection, message: Message) -> None:
    """Stores a message, or its new state."""
    row = from_message(message)
    columns = ", ".join(row)
    marks = ", ".join(f"%({name})s" for name in row)
    again = ", ".join(f"{name} = excluded.{name}" for name in row if name != "job_id")
    db.execute(
        f"INSERT INTO outbox ({columns}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT (job_id) DO UPDATE SET {again}",
        row,
    )


def forget_messages(db: Connection, before: float) -> None:
    """Removes messages of a time before that need nothing more."""
    db.execute("DELETE FROM outbox WHERE next_at IS NULL AND created_at < %s", (before,))
