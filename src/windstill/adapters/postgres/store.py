"""Jobs in PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from windstill.adapters.postgres.connection import Connection
from windstill.adapters.postgres.database import Database, notify
from windstill.adapters.postgres.keys import PostgresKeys
from windstill.adapters.postgres.line import LOCK, Line
from windstill.adapters.postgres.outbox import PostgresOutbox, forget_messages, write_message
from windstill.adapters.postgres.schema import migrate
from windstill.adapters.rows import changes, from_job, to_job, to_key
from windstill.jobs.accounts import Balance, Bounds, Standing, admit, same_request
from windstill.jobs.errors import UnknownKey
from windstill.jobs.model import FREE_KINDS, Job, State, new_id
from windstill.jobs.ports import Change

NEWS = "windstill_news"
"""The channel on which changes of jobs are told: who tells it, and the job's id."""

_TRUST = 2.0
"""Seconds for which a process's own line must have stood before it believes others to be gone."""
_TRUST_AGAIN = 5.0
"""The same, if it has been broken: perhaps all were, and the others are just coming back."""
_BLINK = 0.2
"""Seconds for which a holder must be missed: more than coming back takes."""

_TIGHT = 5.0
"""Seconds for which the queue is taken to be nearly full once it was."""

_HELD = """
    SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_UNHELD = f"{LOCK.replace('%s', 'name')} NOT IN ({_HELD})"
_PRESENT = f"SELECT {LOCK} IN ({_HELD}) AS present"
_NAMED = """name IN (
    SELECT lease_holder FROM jobs WHERE state = 'running'
    UNION SELECT accepted_by FROM jobs
    WHERE state IN ('queued', 'running') AND accepted_by IS NOT NULL
)"""
_ABSENT = f"SELECT name FROM holders WHERE {_NAMED} AND {_UNHELD}"  # noqa: S608
_TOLD = {"state", "stage", "fraction", "cancel_requested"}
_ADMIT = "SELECT pg_advisory_xact_lock_shared(hashtextextended('windstill admission', 0))"
_ADMIT_ALONE = _ADMIT.replace("_shared", "")
_FIGURES = """
    SELECT COALESCE(SUM(cost), 0)::bigint AS reserved, COUNT(*) AS unfinished,
    COUNT(*) FILTER (WHERE state = 'queued' AND (kind = ANY(%(kinds)s)) = %(free)s) AS queued_own,
    (SELECT COUNT(*) FROM jobs
     WHERE state = 'queued' AND (kind = ANY(%(kinds)s)) = %(free)s) AS queued,
    current_setting('max_connections')::integer AS connections
    FROM jobs WHERE key_id = %(key)s AND state IN ('queued', 'running')
"""
_SAME = "SELECT * FROM jobs WHERE key_id = %s AND idempotency_key = %s"
_COUNTERS = {
    State.SUCCEEDED: "succeeded",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


class PostgresStore(PostgresKeys, PostgresOutbox):
    """Implements `windstill.jobs.ports.JobStore` in the database at `url`, in its schema
    "windstill", made if it is not there.

    Every change is one short transaction, durable on disk when the call returns. Any number of
    processes may use the database. size: connections at most, beside the one that listens.
    patience: seconds that a statement, or waiting for another's transaction, may take.
    Raises `StoreError`.
    """

    def __init__(self, url: str, *, size: int = 8, patience: float = 5.0) -> None:
        super().__init__(Database(url, size=size, patience=patience))
        self.line = Line(self.database)
        self._origin = new_id()[:8]
        self._tight_until = 0.0
        self._missed: dict[str, float] = {}
        try:
            migrate(self.database)
        except BaseException:
            self.close()
            raise

    def submit(self, job: Job, bounds: Bounds) -> tuple[Job, bool]:
        """See the port."""
        alone = time.monotonic() < self._tight_until
        try:
            return self.database.write(lambda db: _take_in(db, job, bounds, alone=alone))
        except _TightError:
            self._tight_until = time.monotonic() + _TIGHT
        return self.database.write(lambda db: _take_in(db, job, bounds, alone=True))

    def standing(
        self, key_id: str, *, free: bool = False, idempotency_key: str | None = None
    ) -> Standing | None:
        """See the port."""

        def look(db: Connection) -> Standing | None:
            owner = db.execute("SELECT * FROM keys WHERE id = %s", (key_id,))
            same = db.execute(_SAME, (key_id, idempotency_key))
            figures = db.execute(_FIGURES, _asked(key_id, free))
            row, earlier, found = owner.fetchone(), same.fetchone(), figures.fetchone()
            if row is None or found is None or earlier is not None:
                return None
            return _standing(row, found)

        return self.database.read(look)

    def job(self, job_id: str) -> Job | None:
        """See the port."""
        return self.database.read(lambda db: _read(db, job_id))

    def job_named(self, key_id: str, idempotency_key: str) -> Job | None:
        """See the port."""

        def look(db: Connection) -> Job | None:
            row = db.execute(_SAME, (key_id, idempotency_key)).fetchone()
            return None if row is None else to_job(row)

        return self.database.read(look)

    def change(self, job_id: str, change: Change, *, durable: bool = True) -> Job | None:
        """See the port."""
        changed = self._change_all([job_id], change, durable=durable)
        return changed[0] if changed else None

    def change_all(self, job_ids: Iterable[str], change: Change) -> list[Job]:
        """See the port."""
        return self._change_all(list(job_ids), change, durable=True)

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
        values = {"key": key_id, "kind": kind, "at": created_at, "id": job_id, "limit": limit}
        if "\0" in f"{kind}{job_id}":
            return []
        return self._select(
            f"key_id = %(key)s {'' if kind is None else 'AND kind = %(kind)s'} "
            'AND (created_at, id) < (%(at)s, %(id)s::text COLLATE "C") '
            "ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
            values,
        )

    def waiting(self, limit: int) -> list[Job]:
        """See the port."""
        order = "state = 'queued' ORDER BY priority DESC, created_at, id LIMIT %(limit)s"
        return self._select(order, {"limit": limit})

    def overdue(self, now: float, limit: int, *, gone: bool = False) -> list[Job]:
        """See the port."""
        if gone:
            return self._select(
                "state = 'running' OR (state = 'queued' AND (attached OR deadline <= %(now)s)) "
                "LIMIT %(limit)s",
                {"now": now, "limit": limit},
            )
        return self._select(
            "(state = 'running' AND lease_until <= %(now)s) "
            "OR (state = 'queued' AND deadline <= %(now)s) LIMIT %(limit)s",
            {"now": now, "limit": limit},
        )

    def outlived(self, now: float, limit: int) -> list[Job]:
        """See the port."""
        return self._select(
            "state = 'succeeded' AND expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s",
            {"now": now, "limit": limit},
        )

    def count_waiting(self) -> int:
        """See the port."""
        query = "SELECT COUNT(*) AS count FROM jobs WHERE state = 'queued'"
        return int(self.database.read(lambda db: db.one(query))["count"])

    def counts(self) -> dict[State, int]:
        """See the port."""
        query = "SELECT state, COUNT(*) AS count FROM jobs GROUP BY state"
        rows = self.database.read(lambda db: db.execute(query).fetchall())
        found = {State(row["state"]): row["count"] for row in rows}
        return {state: found.get(state, 0) for state in State}

    def blobs_in_use(self) -> set[str]:
        """See the port."""
        query = (
            "SELECT upload AS name FROM jobs WHERE state IN ('queued', 'running') "
            "UNION SELECT value FROM jobs, json_each_text(extras::json) "
            "WHERE state IN ('queued', 'running') "
            "UNION SELECT result_blob FROM jobs WHERE state = 'succeeded' "
            "UNION SELECT value FROM jobs, json_each_text(result_extras::json) "
            "WHERE state = 'succeeded'"
        )
        rows = self.database.read(lambda db: db.execute(query).fetchall())
        return {row["name"] for row in rows if row["name"] is not None}

    def forget(self, before: float) -> int:
        """See the port."""

        def remove(db: Connection) -> int:
            forget_messages(db, before)
            # One that lives, and only lost its connection, enlists again.
            db.execute(f"DELETE FROM holders WHERE {_UNHELD} AND NOT {_NAMED}".encode())  # noqa: S608
            return len(
                db.execute(
                    "DELETE FROM jobs WHERE state IN ('failed', 'cancelled', 'expired') "
                    "AND finished_at < %s RETURNING id",
                    (before,),
                ).fetchall()
            )

        return self.database.write(remove)

    def offers(self, now: float, again: float, limit: int) -> list[Job]:
        """See the port."""
        query = (
            "UPDATE jobs SET offered_at = %s WHERE id IN (SELECT id FROM jobs "
            "WHERE state = 'queued' AND (offered_at IS NULL OR offered_at <= %s) "
            "ORDER BY priority DESC, created_at, id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING *"
        )
        values = (now, again, limit)
        rows = self.database.write(lambda db: db.execute(query, values).fetchall(), durable=False)
        offered = [to_job(row) for row in rows]
        return sorted(offered, key=lambda job: (-job.priority, job.created_at, job.id))

    def enlist(self, holder: str) -> None:
        """See the port."""
        self.line.hold(holder)

    def gone(self) -> frozenset[str]:
        """See the port."""
        if self.line.steady < (_TRUST_AGAIN if self.line.broke else _TRUST):
            self._missed = {}
            return frozenset()
        rows = self.database.read(lambda db: db.execute(_ABSENT).fetchall())
        now = time.monotonic()
        self._missed = {row["name"]: self._missed.get(row["name"], now) for row in rows}
        return frozenset(name for name, since in self._missed.items() if now - since >= _BLINK)

    def present(self, name: str) -> bool:
        """See the port."""
        return self.database.read(lambda db: bool(db.one(_PRESENT, (name,))["present"]))

    def orphaned(self, gone: Collection[str], limit: int) -> list[Job]:
        """See the port."""
        return self._select(
            "(state = 'running' AND lease_holder = ANY(%(gone)s)) OR (attached "
            "AND accepted_by = ANY(%(gone)s) AND state IN ('queued', 'running')) LIMIT %(limit)s",
            {"gone": list(gone), "limit": limit},
        )

    def news(self, told: Callable[[str], None]) -> None:
        """See the port."""

        def heard(payload: str) -> None:
            origin, _, job_id = payload.partition(" ")
            if origin != self._origin:
                told(job_id)

        self.line.listen(NEWS, heard)

    def close(self) -> None:
        """See the port."""
        self.line.close()
        self.database.close()

    def _select(self, where: str, values: Mapping[str, object]) -> list[Job]:
        query = f"SELECT * FROM jobs WHERE {where}"  # noqa: S608
        rows = self.database.read(lambda db: db.execute(query, values).fetchall())
        return [to_job(row) for row in rows]

    def _change_all(self, job_ids: list[str], change: Change, *, durable: bool) -> list[Job]:
        told: list[str] = []

        def apply(db: Connection) -> list[Job]:
            told.clear()
            changed = [_change(db, job_id, change, told) for job_id in job_ids]
            return [job for job in changed if job is not None]

        return self.database.write(apply, durable=durable, news=lambda: self._news(told))

    def _news(self, job_ids: list[str]) -> list[bytes]:
        return [notify(NEWS, f"{self._origin} {job_id}") for job_id in job_ids]


def _read(db: Connection, job_id: str, *, lock: bool = False) -> Job | None:
    if "\0" in job_id:
        return None
    query = "SELECT * FROM jobs WHERE id = %s"
    row = db.execute(f"{query} FOR NO KEY UPDATE" if lock else query, (job_id,)).fetchone()
    return None if row is None else to_job(row)


class _TightError(Exception):
    """So few places are left that submissions must go one after another."""


def _take_in(db: Connection, job: Job, bounds: Bounds, *, alone: bool) -> tuple[Job, bool]:
    """Admits and stores a job.

    Parallel submissions of one key wait for each other. Those of all keys do only when the queue
    is nearly full (`alone`): as long as there are more places than there can be transactions, each
    of which takes one, none can be taken twice.
    """
    owner = db.execute("SELECT * FROM keys WHERE id = %s FOR NO KEY UPDATE", (job.key_id,))
    same = db.execute(_SAME, (job.key_id, job.idempotency_key))
    db.execute(_ADMIT_ALONE if alone else _ADMIT)
    figures = db.execute(_FIGURES, _asked(job.key_id, job.free))
    row, earlier, found = owner.fetchone(), same.fetchone(), figures.fetchone()
    if row is None or found is None:
        raise UnknownKey("There is no such key.")
    if earlier is not None:
        return same_request(to_job(earlier), job), False
    if not alone and found["queued"] + found["connections"] > bounds.queue:
        raise _TightError
    admit(job.cost, _standing(row, found), bounds)
    stored = _clean(from_job(job))
    marks = ", ".join(f"%({name})s" for name in stored)
    db.execute(f"INSERT INTO jobs ({', '.join(stored)}) VALUES ({marks})", stored)  # noqa: S608
    return job, True


def _asked(key_id: str, free: bool) -> dict[str, object]:
    """The parameters of `_FIGURES`."""
    return {"key": key_id, "kinds": list(FREE_KINDS), "free": free}


def _standing(row: Mapping[str, Any], figures: Mapping[str, Any]) -> Standing:
    return Standing(
        key=to_key(row),
        balance=Balance(row["granted"], row["spent"], figures["reserved"]),
        queued=figures["queued"],
        queued_own=figures["queued_own"],
        unfinished=figures["unfinished"],
    )


def _change(db: Connection, job_id: str, change: Change, told: list[str]) -> Job | None:
    before = _read(db, job_id, lock=True)
    after = None if before is None else change(before)
    if before is None or after is None or after == before:
        return None
    row = _clean(changes(before, after))
    if not row:
        return None
    if not _TOLD.isdisjoint(row):
        told.append(job_id)
    if after.state is State.QUEUED and before.state is State.RUNNING:
        row["offered_at"] = None
    columns = ", ".join(f"{name} = %({name})s" for name in row)
    db.execute(f"UPDATE jobs SET {columns} WHERE id = %(id)s", {**row, "id": job_id})  # noqa: S608
    if after.finished and not before.finished:
        _settle(db, after)
    return after


def _settle(db: Connection, job: Job) -> None:
    """Counts a job that is finished now, charges it if it succeeded, and has its end told.

    The unique index on charges makes the database refuse a second one, whatever happens.
    """
    counter = _COUNTERS[job.state]
    charge = job.cost if job.state is State.SUCCEEDED else 0
    if job.state is State.SUCCEEDED:
        db.execute(
            "INSERT INTO ledger (key_id, job_id, reason, amount, at) "
            "VALUES (%s, %s, 'charge', %s, %s)",
            (job.key_id, job.id, charge, job.finished_at),
        )
    message = job.message()
    if message is not None:
        write_message(db, message)
    # Last, as the key's other jobs wait for this row.
    db.execute(
        f"UPDATE keys SET spent = spent + %s, {counter} = {counter} + 1 WHERE id = %s",  # noqa: S608
        (charge, job.key_id),
    )


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    """The row without the one character that PostgreSQL's texts can't hold."""
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in row.items()
    }
