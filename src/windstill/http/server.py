"""Running the application: the socket, signals, and an end that lets requests finish."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from windstill.errors import InvalidSetting
from windstill.http.app import Application
from windstill.http.protocol import protocol

logger = logging.getLogger("windstill.http")

BACKLOG = 512
ANSWER_SECONDS = 5
"""What requests that are told to give up have left to be answered."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address; on `::` it takes IPv4, too, where the system can.

    Raises `InvalidSetting` with the reason when it can't be bound.
    """
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_ADDRCONFIG
        )
        family, _, _, _, address = found[0]
        both = address[0] == "::" and socket.has_dualstack_ipv6()
        listener = socket.create_server(
            address, family=family, backlog=BACKLOG, dualstack_ipv6=both
        )
        # Connections inherit it. Otherwise the second half of an answer, which is its own
        # segment, waits for the client's delayed acknowledgement of the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidSetting(
            f"{host} port {port} can't be listened on: {reason}.", field="port"
        ) from error


class Server(uvicorn.Server):
    """Serves one application until SIGTERM or SIGINT, then drains; a second signal ends it now.

    While it drains, connections are still taken for `drain_delay`, /readyz says 503 and new jobs
    are refused; requests in work may finish within `drain_seconds`.
    """

    def __init__(self, application: Application) -> None:
        settings = application.service.settings
        config = uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            http=protocol(settings.header_seconds, application.service.connections),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=ANSWER_SECONDS,
            backlog=BACKLOG,
        )
        super().__init__(config)
        self._service = application.service
        self._told_at = 0.0
        self._sending: asyncio.Task[None] | None = None
        self.on_started: Callable[[str], None] = lambda address: None
        """Called with the service's own address once it listens."""

    def serve_until_told(self) -> None:
        """Listens, serves and drains; returns when all is done.

        Raises `InvalidSetting` when the address can't be listened on.
        """
        settings = self._service.settings
        self.run(sockets=[listening_socket(settings.host, settings.port)])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen."""
        await super().startup(sockets)
        if self._service.courier is not None:
            self._sending = asyncio.create_task(self._service.courier.run())
        if self.started:
            self.on_started(self.address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets go of all connections; what is being sent is sent again at the next start."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to drain at the first signal, and stops at the second."""
        if self._service.draining:
            self.should_exit = self.force_exit = True
            return
        self._service.draining = True
        self._told_at = time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Whether the server shall stop now; asked ten times a second."""
        if await super().on_tick(counter):
            return True
        return self._service.draining and self._drained()

    def _drained(self) -> bool:
        spent = time.monotonic() - self._told_at
        settings = self._service.settings
        if spent < settings.drain_delay:
            return False
        if spent >= settings.drain_delay + settings.drain_seconds:
            logger.warning("requests are given up at the end of the drain")
            self._service.gone.set()
            return True
        return not self.server_state.tasks

    @property
    def address(self) -> str:
        """Where the server can be reached; known once it has started."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
