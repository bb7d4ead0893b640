"""One thread that owns one connection to the broker, and gets it back when it is lost.

A connection is used by its own thread only: the library does not allow more, and nobody else
ever waits for a broker that hangs.
"""

from __future__ import annotations

import logging
import os
import selectors
import threading
import time
from contextlib import suppress
from typing import Any

from windstill.adapters.celery.app import RPC_SECONDS, Broker

logger = logging.getLogger("windstill.queue")

_IDLE_SECONDS = 1.0
_SILENCE = 30.0
"""Seconds between warnings while it fails again and again."""
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to connect; the last one from then on."""


class Link:
    """The thread. Subclasses say what is done with the connection.

    trouble: why there is no connection at the moment; None: there is one, or none was needed yet.
    failed_at: when something failed last, by the monotonic clock.
    """

    def __init__(self, broker: Broker, name: str) -> None:
        self.broker = broker
        self.trouble: str | None = None
        self.failed_at = self._warned_at = float("-inf")
        self.settled = threading.Event()
        """Set once the first attempt to connect has come to its end."""
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._starting = threading.Lock()
        self._ending = threading.Event()
        self._wake_read, self._wake_write = -1, -1

    def start(self) -> None:
        """Begins, unless it has begun."""
        with self._starting:
            if self._thread.ident is None and not self._ending.is_set():
                self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
                self._thread.start()

    def wake(self) -> None:
        """Has the thread look for something to do."""
        with self._starting:
            if self._wake_write >= 0:
                with suppress(BlockingIOError):
                    os.write(self._wake_write, b"!")

    def end(self) -> None:
        """Has the thread end as soon as nothing is left to do."""
        self._ending.set()
        self.wake()

    def join(self, timeout: float | None = None) -> None:
        """Waits for the thread's end, if it ever began."""
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def opened(self, connection: Any, channel: Any) -> None:
        """A new connection is there."""

    def turn(self) -> None:
        """Something may be to do: news came, or time has passed."""

    def lost(self) -> None:
        """The connection is gone, or could not be made."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for a thread that shall end."""
        return True

    def _live(self) -> None:
        failures = 0
        try:
            while not self._finished():
                try:
                    connection = self._connect()
                    failures = 0
                    self._work(connection)
                except Exception as error:  # a library's defect is no reason to stop, either
                    self._fail(error)
                    self._ending.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                    failures += 1
                    if self._ending.is_set():
                        return
        finally:
            with self._starting:
                os.close(self._wake_read)
                os.close(self._wake_write)
                self._wake_write = -1

    def _finished(self) -> bool:
        return self._ending.is_set() and self.done

    def _connect(self) -> Any:
        connection = self.broker.app.connection_for_write()
        try:
            connection.ensure_connection(max_retries=0)
            # From now on no answer is waited for longer.
            connection.connection.sock.settimeout(RPC_SECONDS)
            channel = connection.channel()
            for queue in self.broker.queues:
                queue(channel).declare()
            self.opened(connection, channel)
        except BaseException:
            connection.collect()
            raise
        if self.trouble is not None:
            logger.info("the broker at %s is back", self.broker.address)
        self.trouble = None
        self.settled.set()
        return connection

    def _work(self, connection: Any) -> None:
        try:
            while not self._finished():
                self.turn()
                if self._finished():
                    break
                self._listen(connection.connection)
                connection.heartbeat_check()
            connection.close()
        finally:
            connection.collect()

    def _listen(self, amqp: Any) -> None:
        """Waits for news, from the broker or from `wake`, and takes it in."""
        sock = amqp.sock
        with selectors.PollSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(_IDLE_SECONDS)}
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
            unread = sock in ready
            while unread:
                amqp.drain_events(timeout=RPC_SECONDS)
                decrypted = getattr(sock, "pending", lambda: 0)() > 0
                unread = decrypted or sock in {key.fileobj for key, _ in selector.select(0)}

    def _fail(self, error: Exception) -> None:
        self.failed_at = time.monotonic()
        self.trouble = f"the broker at {self.broker.address} can't be used: {_reason(error)}"
        if self.failed_at - self._warned_at > _SILENCE:
            self._warned_at = self.failed_at
            logger.warning("%s", self.trouble)
        self.settled.set()
        self.lost()


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
