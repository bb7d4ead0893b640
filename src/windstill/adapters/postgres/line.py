"""The one connection that stays open: what it says is heard at once, and its end is noticed."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import closing

import psycopg
from psycopg import sql

from windstill.adapters.postgres.connection import Connection
from windstill.adapters.postgres.database import Database
from windstill.jobs.errors import StoreError

logger = logging.getLogger("windstill.jobs")

LOCK = "hashtextextended('windstill holder ' || %s, 0)"
"""The number of the advisory lock of a name."""

_PAUSE = 0.1
"""Seconds between attempts to come back, after the first, which is made at once: a living holder
must be back before it is missed.
"""
_LOOK = 1.0


class Line:
    """Holds names and listens, in a thread that begins with the first use and comes back alone.

    A name is held by an advisory lock of the session, which the server lets go when the process
    dies. What is told while the line is broken is not heard.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names: list[str] = []
        self._ears: dict[str, Callable[[str], None]] = {}
        self._changed = threading.Condition()
        self._done = 0
        self.broke = False
        self._since: float | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def hold(self, name: str) -> None:
        """Returns when the name is held. Raises `StoreError` when that takes too long."""
        with self._changed:
            self._names.append(name)
            self._begin()
            asked = len(self._names) + len(self._ears)
            if not self._changed.wait_for(lambda: self._done >= asked, self._database.patience):
                raise StoreError(f"The job store at {self._database.name} can't be used now.")

    def listen(self, channel: str, told: Callable[[str], None]) -> None:
        """Has `told` called with whatever is said on a channel, as soon as the line stands.

        It is called from the line's thread, and must not block.
        """
        with self._changed:
            self._ears[channel] = told
            self._begin()

    @property
    def steady(self) -> float:
        """For how many seconds the line has stood without a break."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def close(self) -> None:
        """Lets go of the names, and ends the thread."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._wake()
        if self._thread is not None:
            self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _begin(self) -> None:
        if self._closed:
            raise StoreError("The job store is closed.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="windstill-line", daemon=True)
            self._thread.start()
        self._wake()

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _serve(self) -> None:
        while not self._closed:
            try:
                with closing(self._database.connect()) as connection:
                    self._attend(connection)
            except (StoreError, psycopg.Error, OSError) as error:
                self._broken(error)

    def _broken(self, error: Exception) -> None:
        stood, self._since = self.steady, None
        if stood:
            self.broke = True
            logger.warning("the line to the job store broke: %s", error)
        with self._changed:
            self._done = 0
            if stood < _LOOK:
                self._changed.wait_for(lambda: self._closed, _PAUSE)

    def _attend(self, connection: Connection) -> None:
        names: list[str] = []
        channels: list[str] = []
        while True:
            with self._changed:
                if self._closed:
                    return
                new_names = self._names[len(names) :]
                new_channels = [channel for channel in self._ears if channel not in channels]
            for name in new_names:
                # Shared, as the session that a broken line had may still be held by the server.
                connection.execute(f"SELECT pg_advisory_lock_shared({LOCK})", (name,))
                connection.execute(
                    "INSERT INTO holders VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (name, time.time()),
                )
            for channel in new_channels:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            names += new_names
            channels += new_channels
            with self._changed:
                self._since = self._since or time.monotonic()
                self._done = len(names) + len(channels)
                self._changed.notify_all()
            # While asking, something may have been said already.
            self._hear(connection, 0 if new_names or new_channels else _LOOK)

    def _hear(self, connection: Connection, timeout: float) -> None:
        ready = select.select([connection.fileno(), self._wake_read], [], [], timeout)[0]
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        for notice in connection.notifies(timeout=0):
            try:
                self._ears[notice.channel](notice.payload)
            except Exception:
                # A defect of a listener must not cost the process its name.
                logger.exception("news on %s", notice.channel)
