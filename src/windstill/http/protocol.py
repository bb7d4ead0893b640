"""HTTP/1.1 on a connection, with the bounds that the server library leaves open.

h11 is the parser, because it bounds the size of a request's head. Added here: a deadline for the
head, a deadline for draining what a refused client still sends, and an answer to malformed
requests in the API's own envelope.
"""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from windstill.http.envelope import Ids, failure
from windstill.http.refusals import Reason, RequestRefused, code_for

logger = logging.getLogger("windstill.http")


class BoundedProtocol(H11Protocol):
    """One connection. `header_seconds` bounds how long it may be without a complete request."""

    header_seconds: ClassVar[float] = 15.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to wait for a request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """Takes what arrived."""
        # With no request in work this is the head of the next one, or the rest of a body that
        # was refused: both may trickle in only until the deadline.
        if not self._busy() and self._deadline is None:
            self._start_deadline()
        super().data_received(data)
        if self._busy():
            self._stop_deadline()

    def on_response_complete(self) -> None:
        """Goes on with the next request, or waits a little for the rest of a refused body."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._stop_deadline()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection."""
        self._stop_deadline()
        super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP; also a body whose chunks are malformed."""
        if self._busy():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send_refusal(msg)
        self.transport.close()

    def _send_refusal(self, message: str) -> None:
        ids = Ids()
        refusal = RequestRefused(Reason.MALFORMED_REQUEST, message)
        answer = failure(ids, code_for(refusal), "current", message)
        logger.info("malformed request", extra={"facts": {"request_id": ids.request_id}})
        headers = [*answer.raw_headers, (b"x-request-id", ids.request_id.encode())]
        for event in (
            h11.Response(
                status_code=answer.status_code,
                headers=[*headers, (b"connection", b"close")],
                reason=STATUS_PHRASES[answer.status_code],
            ),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()


def protocol(header_seconds: float) -> type[BoundedProtocol]:
    """The protocol with its deadline set."""
    return type("Protocol", (BoundedProtocol,), {"header_seconds": header_seconds})
