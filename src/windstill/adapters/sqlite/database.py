"""Connections and transactions of one SQLite file, for several threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from windstill.jobs.errors import StoreError

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 16777216",
    # KiB for each connection. The default of 2,000 looks like a leak of some KB a job until it
    # is full, and the kernel keeps the same pages.
    "PRAGMA cache_size = -256",
)


class Database:
    """A pool of connections. busy: seconds to wait for another process's transaction."""

    def __init__(self, path: Path, busy: float = 10.0) -> None:
        self.path = path
        self.busy = busy
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        # Threads queue up here in order, instead of polling for SQLite's own lock.
        self._writers = threading.Lock()
        self._closed = False
        with _translated():
            # SQLite gives its side files the mode of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._migrate()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for single statements, each of which sees one moment."""
        with _translated(), self._connection() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction: done when the block ends, undone when it raises.

        durable: a settled job must stay settled when the power fails, not only when the process
        dies. What may be undone by that saves waiting for the disk (about 1 to 10 ms).
        """
        with _translated(), self._turn() as left, self._connection() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute(f"PRAGMA busy_timeout = {1000 * left:.0f}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """This thread's turn to write, and the seconds that are left to wait for other processes.

        Threads that queue up behind one that waits must not each wait as long again.
        """
        begin = time.monotonic()
        if not self._writers.acquire(timeout=self.busy):
            raise StoreError("The job store can't be used now: it is locked.")
        try:
            yield max(0.0, self.busy - (time.monotonic() - begin))
        finally:
            self._writers.release()

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as they come back."""
        with self._pool:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._pool:
            if self._closed:
                raise StoreError("The job store is closed.")
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._pool:
                keep = not self._closed and not connection.in_transaction
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self.busy, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self) -> None:
        """Brings the schema up to date; `user_version` counts the migrations applied."""
        scripts = _migrations()
        with self.writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(scripts):
                raise StoreError(
                    f"{self.path} was written by a newer version (schema {version}; "
                    f"this one knows {len(scripts)})."
                )
            for script in scripts[version:]:
                for statement in _statements(script):
                    connection.execute(statement)
            if version < len(scripts):
                connection.execute(f"PRAGMA user_version = {len(scripts)}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"The job store can't be used now: {error}.") from error


def _migrations() -> list[str]:
    folder = resources.files("windstill.adapters.sqlite") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=str)
    return [file.read_text(encoding="utf-8") for file in files]


def _statements(script: str) -> Iterator[str]:
    # executescript would commit; these must be one transaction.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
