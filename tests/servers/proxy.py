"""A way to a server that tests can block, and open again."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress


class Proxy:
    """Listens on loopback and passes bytes on to a server there.

    `cut` ends all connections and refuses new ones; `freeze` keeps all, and passes nothing on;
    `mend` ends both.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener: socket.socket | None = None
        self.port = 0
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._open = threading.Event()
        self._ending = False
        self._lock = threading.Lock()
        self.mend()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Ends all connections; new ones are refused."""
        with self._lock:
            self._close()

    def freeze(self) -> None:
        """Everything hangs from now on; new connections are taken, and hang, too."""
        self._open.clear()

    def mend(self) -> None:
        """Everything passes again."""
        with self._lock:
            if self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
                self._listener.setblocking(False)
                self.port = self._listener.getsockname()[1]
        self._open.set()

    def stop(self) -> None:
        """Ends all connections, and the thread."""
        self._ending = True
        self._open.set()
        self._thread.join()
        with self._lock:
            self._close()

    def _close(self) -> None:
        for connection in (*self._pairs, self._listener):
            if connection is not None:
                connection.close()
        self._pairs.clear()
        self._listener = None

    def _pass_on(self) -> None:
        while not self._ending:
            self._open.wait()
            with self._lock, suppress(OSError):
                self._turn()

    def _turn(self) -> None:
        with selectors.DefaultSelector() as selector:
            for connection in (*self._pairs, self._listener):
                if connection is not None:
                    selector.register(connection, selectors.EVENT_READ)
            for key, _ in selector.select(0.005):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._listener:
                    client = source.accept()[0]
                    server = socket.create_connection(self._target)
                    self._pairs |= {client: server, server: client}
                elif source in self._pairs:
                    self._move(source, self._pairs[source])

    def _move(self, source: socket.socket, target: socket.socket) -> None:
        try:
            found = source.recv(65536)
            if found:
                target.sendall(found)
                return
        except OSError:
            pass
        for connection in (source, target):
            connection.close()
            del self._pairs[connection]
