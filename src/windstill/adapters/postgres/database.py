"""Connections and transactions of one PostgreSQL database, for several threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg import errors, sql

from windstill.adapters.postgres.connection import Connection, SilentError, check_url
from windstill.jobs.errors import StoreError

Answer = TypeVar("Answer")
Work = Callable[[Connection], Answer]

_MET_ANOTHER = (errors.SerializationFailure, errors.DeadlockDetected)
_ATTEMPTS = 5
_IDLE = 60.0
"""Seconds after which a connection that was not used is closed."""


class Database:
    """A pool of at most `size` connections. patience: seconds for one statement.

    A server that is gone is told at once, as nothing waits for it to come back, and one that is
    back is used by the next call.
    """

    def __init__(self, url: str, *, size: int = 8, patience: float = 5.0) -> None:
        self.url = url
        self.name = check_url(url)
        self.patience = patience
        self._room = threading.BoundedSemaphore(size)
        self._idle: list[tuple[Connection, float]] = []
        self._lock = threading.Lock()
        self._closed = False

    def read(self, work: Work[Answer]) -> Answer:
        """What `work` answers; each of its statements sees one moment."""
        return self._repeated(work)

    def write(
        self,
        work: Work[Answer],
        *,
        durable: bool = True,
        news: Callable[[], list[bytes]] = list,
    ) -> Answer:
        """What `work` answers, which is one transaction: undone if it raises.

        It runs again when it met another, or a connection that had died meanwhile. Its statements
        travel together: only asking for the answer of one waits for the server.
        durable: on disk when the call returns. What may be undone by a power failure saves
        waiting for it. news: statements for after the transaction; they may be lost.
        """

        def transaction(connection: Connection) -> Answer:
            asked_to_commit = False
            try:
                with connection.pipeline():
                    _begin(connection, durable=durable)
                    answer = work(connection)
                    asked_to_commit = True
                    connection.execute("COMMIT", prepare=False)
                    self._tell(connection, news())
            except BaseException as error:
                lost = isinstance(error, psycopg.OperationalError) and connection.closed
                if asked_to_commit and lost:
                    raise _UnclearError from error
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK", prepare=False)
                raise
            return answer

        return self._repeated(transaction)

    def tell(self, news: list[bytes]) -> None:
        """News by itself."""

        def send(connection: Connection) -> None:
            with connection.pipeline():
                self._tell(connection, news)

        self._repeated(send)

    def _tell(self, connection: Connection, news: list[bytes]) -> None:
        # A transaction of its own that waits for no disk, as those that tell something are
        # committed one after another.
        if news:
            _begin(connection, durable=False)
            for statement in news:
                connection.execute(statement, prepare=False)
            connection.execute("COMMIT", prepare=False)

    def connect(self) -> Connection:
        """A connection of the caller's own. Raises `StoreError`."""
        with _translated(self.name):
            return Connection.open(self.url, self.patience)

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as they come back."""
        with self._lock:
            self._closed = True
        self._drop_idle()

    def _repeated(self, work: Work[Answer]) -> Answer:
        with _translated(self.name):
            for attempt in range(_ATTEMPTS):
                try:
                    return self._once(work)
                except _MET_ANOTHER:
                    if attempt == _ATTEMPTS - 1:
                        raise
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                except _StaleError:
                    continue
            raise StoreError("The job store's connections keep breaking.")

    def _once(self, work: Work[Answer]) -> Answer:
        with self._connection() as (connection, is_new):
            try:
                return work(connection)
            except _UnclearError as error:
                raise error.__cause__ or error from None
            except psycopg.OperationalError as error:
                if not connection.closed:
                    raise
                # The server was restarted, say; the others will have died as well.
                self._drop_idle()
                if is_new or isinstance(error, SilentError):
                    raise
                raise _StaleError from error

    @contextmanager
    def _connection(self) -> Iterator[tuple[Connection, bool]]:
        """A connection, and whether it was made just now."""
        if not self._room.acquire(timeout=self.patience):
            raise StoreError("The job store is too busy: all its connections are in use.")
        try:
            with self._lock:
                if self._closed:
                    raise StoreError("The job store is closed.")
                idle = self._idle.pop()[0] if self._idle else None
            connection = idle or Connection.open(self.url, self.patience)
            try:
                yield connection, idle is None
            finally:
                self._give_back(connection)
        finally:
            self._room.release()

    def _give_back(self, connection: Connection) -> None:
        healthy = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        now = time.monotonic()
        surplus = []
        with self._lock:
            if healthy and not connection.closed and not self._closed:
                self._idle.append((connection, now))
            else:
                surplus.append(connection)
            # The one used last is the next to be used, so the first are those of a busier time.
            if self._idle and now - self._idle[0][1] > _IDLE:
                surplus.append(self._idle.pop(0)[0])
        for done in surplus:
            done.close()

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()


class _StaleError(Exception):
    """The connection had died before the call; nothing was changed."""


class _UnclearError(Exception):
    """The connection died while committing, so that the call must not simply run again."""


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise StoreError("The job store can't keep this text.") from error
    except psycopg.Error as error:
        told = " ".join(str(error).split())
        raise StoreError(f"The job store at {name} can't be used now: {told}.") from error


def _begin(connection: Connection, *, durable: bool) -> None:
    connection.execute("BEGIN", prepare=False)
    if not durable:
        connection.execute("SET LOCAL synchronous_commit = off", prepare=False)


def notify(channel: str, told: str) -> bytes:
    """The statement that tells everybody who listens."""
    return sql.SQL("SELECT pg_notify({}, {})").format(channel, told).as_bytes(None)
