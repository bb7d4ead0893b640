"""Keys, secrets and credits in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from windstill.adapters.rows import from_key, to_key, to_secret
from windstill.adapters.sqlite.database import Database
from windstill.jobs.accounts import Balance, Key, Secret, Usage, regranted
from windstill.jobs.errors import InvalidKey, StoreError

_RESERVED = """
    SELECT COALESCE(SUM(cost), 0), COUNT(*) FROM jobs
    WHERE key_id = ? AND state IN ('queued', 'running')
"""


class SqliteKeys:
    """The part of the store that is about keys; implements `windstill.jobs.ports.KeyStore`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add_key(self, key: Key, secret: Secret, granted: int | None = None) -> None:
        """See the port."""
        with _unique_name(key.name), self.database.writing() as db:
            row = {**from_key(key), "granted": granted}
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO keys ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608
            _add_secret(db, key.id, secret)
            if granted is not None:
                _enter_grant(db, key.id, granted, key.created_at)

    def key(self, key_id: str) -> Key | None:
        """See the port."""
        with self.database.reading() as db:
            return read_key(db, key_id)

    def list_keys(self) -> list[Key]:
        """See the port."""
        with self.database.reading() as db:
            return [to_key(row) for row in db.execute("SELECT * FROM keys ORDER BY created_at, id")]

    def change_key(self, key_id: str, change: Callable[[Key], Key]) -> Key | None:
        """See the port."""
        with self.database.writing() as db:
            before = read_key(db, key_id)
            if before is None:
                return None
            key = change(before)
            with _unique_name(key.name):
                row = from_key(key)
                columns = ", ".join(f"{name} = :{name}" for name in row)
                db.execute(f"UPDATE keys SET {columns} WHERE id = :id", row)  # noqa: S608
            return key

    def key_of_access(self, access_id: str) -> Key | None:
        """See the port."""
        with self.database.reading() as db:
            row = db.execute("SELECT * FROM keys WHERE access_id = ?", (access_id,)).fetchone()
        return None if row is None else to_key(row)

    def use_nonce(self, access_id: str, nonce: str, now: float, until: float) -> bool:
        """See the port."""
        with self.database.writing(durable=False) as db:
            return bool(
                db.execute(
                    "INSERT INTO nonces (access_id, nonce, until) VALUES (?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET until = excluded.until WHERE nonces.until <= ?",
                    (access_id, nonce, until, now),
                ).rowcount
            )

    def forget_nonces(self, now: float) -> int:
        """See the port."""
        with self.database.writing(durable=False) as db:
            return db.execute("DELETE FROM nonces WHERE until <= ?", (now,)).rowcount

    def grant(self, key_id: str, amount: int | None, now: float) -> Key | None:
        """See the port."""
        with self.database.writing() as db:
            key = read_key(db, key_id)
            if key is not None:
                granted = regranted(read_balance(db, key_id), amount)
                db.execute("UPDATE keys SET granted = ? WHERE id = ?", (granted, key_id))
                _enter_grant(db, key_id, amount, now)
            return key

    def secrets(self, prefix: str) -> list[tuple[Key, Secret]]:
        """See the port."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT keys.*, secrets.prefix AS secret_prefix, secrets.digest AS secret_digest, "
                "secrets.created_at AS secret_created_at, secrets.expires_at AS secret_expires_at "
                "FROM secrets JOIN keys ON keys.id = secrets.key_id WHERE secrets.prefix = ? "
                "ORDER BY secrets.created_at",
                (prefix,),
            )
            return [(to_key(row), to_secret(row)) for row in rows]

    def rotate(self, key_id: str, secret: Secret, old_expire_at: float) -> None:
        """See the port."""
        with self.database.writing() as db:
            db.execute(
                "UPDATE secrets SET expires_at = MIN(COALESCE(expires_at, ?1), ?1) "
                "WHERE key_id = ?2",
                (old_expire_at, key_id),
            )
            _add_secret(db, key_id, secret)

    def balance(self, key_id: str) -> Balance:
        """See the port."""
        with self.database.reading() as db:
            return read_balance(db, key_id)

    def usage(self, key_id: str) -> Usage:
        """See the port."""
        with self.database.reading() as db:
            row = db.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
            if row is None:
                return Usage()
            unfinished = db.execute(_RESERVED, (key_id,)).fetchone()[1]
            return Usage(
                succeeded=row["succeeded"],
                failed=row["failed"],
                cancelled=row["cancelled"],
                unfinished=unfinished,
            )


def read_key(db: sqlite3.Connection, key_id: str) -> Key | None:
    """The key with this id."""
    row = db.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
    return None if row is None else to_key(row)


def read_balance(db: sqlite3.Connection, key_id: str) -> Balance:
    """A key's credits; an unknown key has none."""
    row = db.execute("SELECT granted, spent FROM keys WHERE id = ?", (key_id,)).fetchone()
    if row is None:
        return Balance(0, 0, 0)
    return Balance(row["granted"], row["spent"], db.execute(_RESERVED, (key_id,)).fetchone()[0])


def count_unfinished(db: sqlite3.Connection, key_id: str) -> int:
    """How many jobs of a key wait or run."""
    return int(db.execute(_RESERVED, (key_id,)).fetchone()[1])


def _add_secret(db: sqlite3.Connection, key_id: str, secret: Secret) -> None:
    db.execute(
        "INSERT INTO secrets (digest, prefix, key_id, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?)",
        (secret.digest, secret.prefix, key_id, secret.created_at, secret.expires_at),
    )


def _enter_grant(db: sqlite3.Connection, key_id: str, amount: int | None, now: float) -> None:
    db.execute(
        "INSERT INTO ledger (key_id, reason, amount, at) VALUES (?, 'grant', ?, ?)",
        (key_id, amount, now),
    )


@contextmanager
def _unique_name(name: str) -> Iterator[None]:
    """Turns the database's refusal of a second key of a name into `InvalidKey`."""
    try:
        yield
    except (StoreError, sqlite3.IntegrityError) as error:
        cause = error.__cause__ if isinstance(error, StoreError) else error
        if isinstance(cause, sqlite3.IntegrityError) and "keys.name" in str(cause):
            raise InvalidKey(f"There is a key named {name!r} already.", field="name") from error
        raise
