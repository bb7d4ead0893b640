"""Keys, secrets and credits in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg import errors

from windstill.adapters.postgres.connection import Connection
from windstill.adapters.postgres.database import Database
from windstill.adapters.rows import from_key, to_key, to_secret
from windstill.jobs.accounts import Balance, Key, Secret, Usage, regranted
from windstill.jobs.errors import InvalidKey, StoreError


class PostgresKeys:
    """The part of the store that is about keys; implements `windstill.jobs.ports.KeyStore`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add_key(self, key: Key, secret: Secret, granted: int | None = None) -> None:
        """See the port."""

        def add(db: Connection) -> None:
            row = {**from_key(key), "granted": granted}
            marks = ", ".join(f"%({name})s" for name in row)
            db.execute(f"INSERT INTO keys ({', '.join(row)}) VALUES ({marks})".encode(), row)  # noqa: S608
            _add_secret(db, key.id, secret)
            if granted is not None:
                _enter_grant(db, key.id, granted, key.created_at)

        with _unique_names([key]):
            self.database.write(add)

    def key(self, key_id: str) -> Key | None:
        """See the port."""
        return self.database.read(lambda db: read_key(db, key_id))

    def list_keys(self) -> list[Key]:
        """See the port."""
        rows = self.database.read(
            lambda db: db.execute("SELECT * FROM keys ORDER BY created_at, id").fetchall()
        )
        return [to_key(row) for row in rows]

    def change_key(self, key_id: str, change: Callable[[Key], Key]) -> Key | None:
        """See the port."""

        tried: list[Key] = []

        def replace(db: Connection) -> Key | None:
            before = read_key(db, key_id, lock=True)
            if before is None:
                return None
            key = change(before)
            tried.append(key)
            row = from_key(key)
            columns = ", ".join(f"{name} = %({name})s" for name in row)
            db.execute(f"UPDATE keys SET {columns} WHERE id = %(id)s".encode(), row)  # noqa: S608
            return key

        with _unique_names(tried):
            return self.database.write(replace)

    def key_of_access(self, access_id: str) -> Key | None:
        """See the port."""
        if "\0" in access_id:
            return None
        query = "SELECT * FROM keys WHERE access_id = %s"
        row = self.database.read(lambda db: db.execute(query, (access_id,)).fetchone())
        return None if row is None else to_key(row)

    def use_nonce(self, access_id: str, nonce: str, now: float, until: float) -> bool:
        """See the port."""

        def use(db: Connection) -> bool:
            used = db.execute(
                "INSERT INTO nonces (access_id, nonce, until) VALUES (%s, %s, %s) "
                "ON CONFLICT (access_id, nonce) DO UPDATE SET until = excluded.until "
                "WHERE nonces.until <= %s RETURNING nonce",
                (access_id, nonce, until, now),
            )
            return used.fetchone() is not None

        return self.database.write(use, durable=False)

    def forget_nonces(self, now: float) -> int:
        """See the port."""
        query = "DELETE FROM nonces WHERE until <= %s RETURNING nonce"
        return self.database.write(
            lambda db: len(db.execute(query, (now,)).fetchall()), durable=False
        )

    def grant(self, key_id: str, amount: int | None, now: float) -> Key | None:
        """See the port."""

        def change(db: Connection) -> Key | None:
            key = read_key(db, key_id, lock=True)
            if key is not None:
                granted = regranted(read_balance(db, key_id), amount)
                db.execute("UPDATE keys SET granted = %s WHERE id = %s", (granted, key_id))
                _enter_grant(db, key_id, amount, now)
            return key

        return self.database.write(change)

    def secrets(self, prefix: str) -> list[tuple[Key, Secret]]:
        """See the port."""
        query = (
            "SELECT keys.*, secrets.prefix AS secret_prefix, secrets.digest AS secret_digest, "
            "secrets.created_at AS secret_created_at, secrets.expires_at AS secret_expires_at "
            "FROM secrets JOIN keys ON keys.id = secrets.key_id WHERE secrets.prefix = %s "
            "ORDER BY secrets.created_at"
        )
        if "\0" in prefix:
            return []
        rows = self.database.read(lambda db: db.execute(query, (prefix,)).fetchall())
        return [(to_key(row), to_secret(row)) for row in rows]

    def rotate(self, key_id: str, secret: Secret, old_expire_at: float) -> None:
        """See the port."""

        def change(db: Connection) -> None:
            db.execute(
                "UPDATE secrets SET expires_at = LEAST(expires_at, %s) WHERE key_id = %s",
                (old_expire_at, key_id),
            )
            _add_secret(db, key_id, secret)

        self.database.write(change)

    def balance(self, key_id: str) -> Balance:
        """See the port."""
        return self.database.read(lambda db: read_balance(db, key_id))

    def usage(self, key_id: str) -> Usage:
        """See the port."""
        query = (
            "SELECT succeeded, failed, cancelled, (SELECT COUNT(*) FROM jobs "
            "WHERE key_id = keys.id AND state IN ('queued', 'running')) AS unfinished "
            "FROM keys WHERE id = %s"
        )
        row = self.database.read(lambda db: db.execute(query, (key_id,)).fetchone())
        return Usage() if row is None else Usage(**row)


def read_key(db: Connection, key_id: str, *, lock: bool = False) -> Key | None:
    """The key with this id. lock: nobody else changes it, or its spending, until the end of the
    transaction.
    """
    if "\0" in key_id:
        return None
    query = "SELECT * FROM keys WHERE id = %s"
    row = db.execute(f"{query} FOR NO KEY UPDATE" if lock else query, (key_id,)).fetchone()
    return None if row is None else to_key(row)


def read_balance(db: Connection, key_id: str) -> Balance:
    """A key's credits, at one moment; an unknown key has none."""
    row = db.execute(
        "SELECT granted, spent, (SELECT COALESCE(SUM(cost), 0)::bigint FROM jobs "
        "WHERE key_id = keys.id AND state IN ('queued', 'running')) AS reserved "
        "FROM keys WHERE id = %s",
        (key_id,),
    ).fetchone()
    return Balance(0, 0, 0) if row is None else Balance(**row)


def _add_secret(db: Connection, key_id: str, secret: Secret) -> None:
    db.execute(
        "INSERT INTO secrets (digest, prefix, key_id, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s)",
        (secret.digest, secret.prefix, key_id, secret.created_at, secret.expires_at),
    )


def _enter_grant(db: Connection, key_id: str, amount: int | None, now: float) -> None:
    db.execute(
        "INSERT INTO ledger (key_id, reason, amount, at) VALUES (%s, 'grant', %s, %s)",
        (key_id, amount, now),
    )


@contextmanager
def _unique_names(keys: list[Key]) -> Iterator[None]:
    """Turns the database's refusal of a second key of a name into `InvalidKey`."""
    try:
        yield
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, errors.UniqueViolation) and cause.diag.constraint_name == "keys_name":
            name = keys[-1].name
            raise InvalidKey(f"There is a key named {name!r} already.", field="name") from error
        raise
