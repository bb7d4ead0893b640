"""Jobs in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from windstill.adapters.rows import changes, from_job, to_job
from windstill.adapters.sqlite.database import Database
from windstill.adapters.sqlite.keys import (
    SqliteKeys,
    count_unfinished,
    read_balance,
    read_key,
)
from windstill.adapters.sqlite.outbox import SqliteOutbox, forget_messages, write_message
from windstill.jobs.accounts import Bounds, Key, Standing, admit, same_request
from windstill.jobs.errors import UnknownKey
from windstill.jobs.model import FREE_KINDS, Job, State
from windstill.jobs.ports import Change

_COUNTERS = {
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


class SqliteStore(SqliteKeys, SqliteOutbox):
    """Implements `windstill.jobs.ports.JobStore` in the file `path`, made if it is not there.

    Every change is one short transaction, durable on disk when the call returns. Several
    processes may use the file.
    """

    def __init__(self, path: Path, busy: float = 10.0) -> None:
        super().__init__(Database(path, busy))

    def submit(self, job: Job, bounds: Bounds) -> tuple[Job, bool]:
        """See the port."""
        with self.database.writing() as db:
            earlier = _of_idempotency_key(db, job.key_id, job.idempotency_key)
            if earlier is not None:
                return same_request(earlier, job), False
            key = read_key(db, job.key_id)
            if key is None:
                raise UnknownKey("There is no such key.")
            admit(job.cost, _standing(db, key, free=job.free), bounds)
            row = from_job(job)
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608
            return job, True

    def standing(
        self, key_id: str, *, free: bool = False, idempotency_key: str | None = None
    ) -> Standing | None:
        """See the port."""
        with self.database.reading() as db:
            key = read_key(db, key_id)
            if key is None or _of_idempotency_key(db, key_id, idempotency_key) is not None:
                return None
            return _standing(db, key, free=free)

    def job(self, job_id: str) -> Job | None:
        """See the port."""
        with self.database.reading() as db:
            return _read(db, job_id)

    def job_named(self, key_id: str, idempotency_key: str) -> Job | None:
        """See the port."""
        with self.database.reading() as db:
            return _of_idempotency_key(db, key_id, idempotency_key)

    def change(self, job_id: str, change: Change, *, durable: bool = True) -> Job | None:
        """See the port."""
        with self.database.writing(durable=durable) as db:
            return _change(db, job_id, change)

    def change_all(self, job_ids: Iterable[str], change: Change) -> list[Job]:
        """See the port."""
        with self.database.writing() as db:
            changed = [_change(db, job_id, change) for job_id in job_ids]
        return [job for job in changed if job is not None]

    def jobs(
        self,
        key_id: str,
        *,
        kind: str | None = None,
        limit: int = 50,
        before: tuple[float, str] | None = None,
    ) -> list[Job]:
        """See the port."""
        created_at, job_id = before or (float("inf"), "")
        order = "(created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?"
        if kind is None:
            return self._select(f"key_id = ? AND {order}", (key_id, created_at, job_id, limit))
        return self._select(
            f"key_id = ? AND kind = ? AND {order}", (key_id, kind, created_at, job_id, limit)
        )

    def waiting(self, limit: int) -> list[Job]:
        """See the port."""
        order = "state = 'queued' ORDER BY priority DESC, created_at, id LIMIT ?"
        return self._select(order, (limit,))

    def offers(self, now: float, again: float, limit: int) -> list[Job]:
        """See the port."""
        open_to_offer = "state = 'queued' AND (offered_at IS NULL OR offered_at <= ?)"
        with self.database.reading() as db:
            query = f"SELECT 1 FROM jobs WHERE {open_to_offer} LIMIT 1"  # noqa: S608
            if db.execute(query, (again,)).fetchone() is None:
                return []
        with self.database.writing(durable=False) as db:
            rows = db.execute(
                f"SELECT * FROM jobs WHERE {open_to_offer} "  # noqa: S608
                "ORDER BY priority DESC, created_at, id LIMIT ?",
                (again, limit),
            ).fetchall()
            offered = [to_job(row) for row in rows]
            db.executemany(
                "UPDATE jobs SET offered_at = ? WHERE id = ?", [(now, job.id) for job in offered]
            )
            return offered

    def enlist(self, holder: str) -> None:
        """See the port."""

    def gone(self) -> frozenset[str]:
        """Nobody: a file does not tell who has it open."""
        return frozenset()

    def present(self, name: str) -> bool:
        """See the port."""
        return True

    def orphaned(self, gone: Collection[str], limit: int) -> list[Job]:
        """See the port."""
        return self._select(
            "state IN ('queued', 'running') AND (lease_holder IN (SELECT value FROM json_each(?1)) "
            "OR (attached AND accepted_by IN (SELECT value FROM json_each(?1)))) LIMIT ?2",
            (json.dumps(list(gone)), limit),
        )

    def news(self, told: Callable[[str], None]) -> None:
        """See the port."""

    def overdue(self, now: float, limit: int, *, gone: bool = False) -> list[Job]:
        """See the port."""
        if gone:
            return self._select(
                "state = 'running' OR (state = 'queued' AND (attached OR deadline <= ?)) LIMIT ?",
                (now, limit),
            )
        return self._select(
            "(state = 'running' AND lease_until <= ?1) OR (state = 'queued' AND deadline <= ?1) "
            "LIMIT ?2",
            (now, limit),
        )

    def outlived(self, now: float, limit: int) -> list[Job]:
        """See the port."""
        return self._select(
            "state = 'succeeded' AND expires_at <= ? ORDER BY expires_at LIMIT ?", (now, limit)
        )

    def count_waiting(self) -> int:
        """See the port."""
        with self.database.reading() as db:
            return _count_queued(db)

    def counts(self) -> dict[State, int]:
        """See the port."""
        with self.database.reading() as db:
            rows = db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall()
        found = {State(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in State}

    def blobs_in_use(self) -> set[str]:
        """See the port."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT upload FROM jobs WHERE state IN ('queued', 'running') "
                "UNION SELECT value FROM jobs, json_each(extras) "
                "WHERE state IN ('queued', 'running') "
                "UNION SELECT result_blob FROM jobs WHERE state = 'succeeded' "
                "UNION SELECT value FROM jobs, json_each(result_extras) WHERE state = 'succeeded'"
            ).fetchall()
        return {name for (name,) in rows if name is not None}

    def forget(self, before: float) -> int:
        """See the port."""
        with self.database.writing() as db:
            forget_messages(db, before)
            return db.execute(
                "DELETE FROM jobs WHERE state IN ('failed', 'cancelled', 'expired') "
                "AND finished_at < ?",
                (before,),
            ).rowcount

    def close(self) -> None:
        """See the port."""
        self.database.close()

    def _select(self, where: str, values: tuple[object, ...]) -> list[Job]:
        with self.database.reading() as db:
            rows = db.execute(f"SELECT * FROM jobs WHERE {where}", values).fetchall()  # noqa: S608
        return [to_job(row) for row in rows]


def _read(db: sqlite3.Connection, job_id: str) -> Job | None:
    row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else to_job(row)


def _of_idempotency_key(db: sqlite3.Connection, key_id: str, name: str | None) -> Job | None:
    if name is None:
        return None
    row = db.execute(
        "SELECT * FROM jobs WHERE key_id = ? AND idempotency_key = ?", (key_id, name)
    ).fetchone()
    return None if row is None else to_job(row)


def _standing(db: sqlite3.Connection, key: Key, *, free: bool) -> Standing:
    queued, own = db.execute(
        "SELECT COUNT(*), COALESCE(SUM(key_id = ?), 0) FROM jobs "
        "WHERE state = 'queued' AND (kind IN (SELECT value FROM json_each(?))) = ?",
        (key.id, json.dumps(FREE_KINDS), free),
    ).fetchone()
    return Standing(
        key=key,
        balance=read_balance(db, key.id),
        queued=queued,
        queued_own=own,
        unfinished=count_unfinished(db, key.id),
    )


def _count_queued(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM jobs WHERE state = 'queued'").fetchone()[0])


def _change(db: sqlite3.Connection, job_id: str, change: Change) -> Job | None:
    before = _read(db, job_id)
    after = None if before is None else change(before)
    if before is None or after is None or not changes(before, after):
        return None
    _replace(db, before, after)
    if after.finished and not before.finished:
        _settle(db, after)
    return after


def _replace(db: sqlite3.Connection, before: Job, after: Job) -> None:
    row = changes(before, after)
    if after.state is State.QUEUED and before.state is State.RUNNING:
        row["offered_at"] = None
    columns = ", ".join(f"{name} = :{name}" for name in row)
    db.execute(f"UPDATE jobs SET {columns} WHERE id = :id", {**row, "id": after.id})  # noqa: S608


def _settle(db: sqlite3.Connection, job: Job) -> None:
    """Counts a job that is finished now, charges it if it succeeded, and has its end told.

    The unique index on charges makes the database refuse a second one, whatever happens.
    """
    counter = _COUNTERS[job.state]
    charge = job.cost if job.state is State.SUCCEEDED else 0
    db.execute(
        f"UPDATE keys SET spent = spent + ?, {counter} = {counter} + 1 WHERE id = ?",  # noqa: S608
        (charge, job.key_id),
    )
    if job.state is State.SUCCEEDED:
        db.execute(
            "INSERT INTO ledger (key_id, job_id, reason, amount, at) VALUES (?, ?, 'charge', ?, ?)",
            (job.key_id, job.id, charge, job.finished_at),
        )
    message = job.message()
    if message is not None:
        write_message(db, message)
