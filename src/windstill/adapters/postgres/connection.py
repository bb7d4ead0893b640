"""One connection to PostgreSQL that never waits for ever."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any, Self, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from windstill.jobs.errors import StoreError

CONNECT_TIMEOUT = 3
"""Seconds for a connection to come about."""

_SETTINGS = (
    "SET search_path = windstill;"
    "SET statement_timeout = {patience};"
    "SET lock_timeout = {patience};"
    # A process that stands still in a transaction must not keep the others from theirs.
    "SET idle_in_transaction_session_timeout = {patience};"
    # A machine that is gone is noticed within seconds, and with it the locks that it held.
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
)


class SilentError(psycopg.OperationalError):
    """The server did not answer in time."""


class Connection(psycopg.Connection[DictRow]):
    """Commits each statement by itself; rows are dictionaries.

    patience: seconds after which an answer is not waited for any more. PostgreSQL's own timeouts
    end what takes too long while it works; this one, what it never answers.
    """

    patience: float | None = None

    @classmethod
    def open(cls, url: str, patience: float) -> Self:
        """A new connection. Raises `psycopg.Error`."""
        connection = cls.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_TIMEOUT,
            fallback_application_name="windstill",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
        try:
            connection.patience = patience + 1
            connection.execute(_SETTINGS.format(patience=round(patience * 1000)), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection

    def one(self, query: str, values: Sequence[object] = ()) -> DictRow:
        """The row of a question that always has an answer."""
        return cast(DictRow, self.execute(query.encode(), values or None).fetchone())

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        """Waits for the server as psycopg does, but only for `patience` seconds.

        Raises `SilentError`; then the connection is closed, lest more is asked on it.
        """
        if self.patience is None:
            return super().wait(gen, *arguments, **named)
        try:
            return super().wait(_bounded(gen, self.patience), *arguments, **named)
        except SilentError:
            self.close()
            raise


def _bounded(gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """The steps of an exchange with the server; psycopg also goes on when nothing has come."""
    deadline = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise SilentError("it does not answer")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value


def check_url(url: str) -> str:
    """What to call the database in messages, without anything secret.

    Raises `StoreError` if the URL can't be understood.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        # The driver's own message repeats the URL, and with it the password.
        raise StoreError(
            "The database's URL can't be read. It should look like "
            "postgresql://user:password@host:5432/name."
        ) from None
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
