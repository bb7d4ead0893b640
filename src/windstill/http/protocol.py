"""HTTP/1.1 on a connection, with the bounds that the server library leaves open.

h11 is the parser, because it bounds the size of a request's head. Added here: what RFC 9112 tells
a careful server to refuse, a deadline for the head, an end that loses no answer, clients that
close their sending half, a bound on connections, and an answer to malformed requests in the API's
own envelope.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from windstill.http.connections import Connections, plain
from windstill.http.envelope import Ids, failure
from windstill.http.refusals import Reason, RequestRefused, code_for

logger = logging.getLogger("windstill.http")

LINGER_BYTES = 8 * 2**20
LINGER_SECONDS = 5.0
"""What is still read of a request whose answer was sent and whose connection ends."""
FLUSH_SECONDS = 60.0
"""How long a client may take for the rest of an answer on a connection that ends."""
HALF_CLOSED_SECONDS = 1.0
"""How long a client that has closed its sending half is believed to wait for its answer."""
_PROBE_SECONDS = 0.25

_ODD_LINES = re.compile(rb"(?<!\r)\n|\n[ \t]|\r(?!\n|\Z)")


class StrictConnection(h11.Connection):
    """The parser, less lenient: lines of a head end with CRLF and don't go on in the next one.

    What proxies and servers read differently lets requests be smuggled (RFC 9112, 2.2 and 5.2).
    """

    _seen = 0

    def next_event(self) -> Any:
        """The next event. Raises `h11.RemoteProtocolError`."""
        if self.their_state is h11.IDLE:
            self._check_lines()
        else:
            self._seen = 0
        return super().next_event()

    def _check_lines(self) -> None:
        data = self.trailing_data[0]
        end = data.find(b"\r\n\r\n", max(0, self._seen - 3))
        # What was seen before is not searched again, lest a head that trickles costs much.
        if _ODD_LINES.search(data, max(0, self._seen - 1), len(data) if end < 0 else end):
            raise h11.RemoteProtocolError("a line of the head does not end with CRLF")
        self._seen = 0 if end >= 0 else len(data)


class _LingeringTransport:
    """A transport that, asked to close, lets the protocol decide when."""

    def __init__(self, transport: asyncio.Transport, protocol: BoundedProtocol) -> None:
        self.inner = transport
        self._protocol = protocol
        self._closing = False

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._protocol.linger()

    def is_closing(self) -> bool:
        return self._closing or self.inner.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class BoundedProtocol(H11Protocol):
    """One connection. `header_seconds` bounds how long it may be without a complete request."""

    header_seconds: ClassVar[float] = 15.0
    held: ClassVar[Connections] = Connections(1024, 128)

    address = ""
    _deadline: asyncio.TimerHandle | None = None
    _probe: asyncio.TimerHandle | None = None
    _lingering: int | None = None
    _half_closed = False
    _malformed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = self.config.h11_max_incomplete_event_size or 64 * 1024
        self.conn = StrictConnection(h11.SERVER, most)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to wait for a request, or refuses the connection."""
        super().connection_made(_LingeringTransport(transport, self))  # type: ignore[arg-type]
        if self.client is not None:
            self.address = plain(self.client[0])
            self.client = (self.address, self.client[1])
        try:
            self.held.add(self)
        except RequestRefused as refusal:
            self._send_refusal(refusal)
            self._inner.close()
            return
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        """Takes what arrived."""
        if self._lingering is not None:
            self._lingering += len(data)
            if self._lingering > LINGER_BYTES:
                self._inner.close()
            return
        # With no request in work this is the head of the next one, or the rest of a body that
        # was refused: both may trickle in only until the deadline.
        if self.idle and self._deadline is None:
            self._start_deadline()
        super().data_received(data)
        if not self.idle:
            self._stop_deadline()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends nothing more: it has left, or waits for the answer to a whole request.

        Nobody can tell these apart but by sending something. True: the connection stays.
        """
        if self.idle or self._lingering is not None or self.cycle.more_body:
            return False
        if not self._half_closed:
            self._half_closed = True
            self._probe = self.loop.call_later(HALF_CLOSED_SECONDS, self._ask_for_life)
        return True

    def on_response_complete(self) -> None:
        """Goes on with the next request, or waits a little for the rest of a refused body."""
        super().on_response_complete()
        if self.idle and self._half_closed:
            self._inner.close()
        elif self.conn.their_state is h11.SEND_BODY and self._lingering is None:
            self._start_deadline()

    def linger(self) -> None:
        """Ends the connection, but reads on for a while if the client may still be sending.

        A connection closed with unread bytes is reset, and the answer is lost with it.
        """
        whole = not self._malformed and self.conn.their_state is not h11.SEND_BODY
        if self._half_closed or whole:
            self._inner.close()
            # It takes the rest of the answer along, unless the client does not read.
            self._stop_deadline()
            self._deadline = self.loop.call_later(FLUSH_SECONDS, self._give_up)
            return
        self._lingering = 0
        self._stop_deadline()
        self.flow.resume_reading()
        if self._inner.can_write_eof() and not self._inner.is_closing():
            self._inner.write_eof()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self.held.discard(self)
        self._stop_deadline()
        if self._probe is not None:
            self._probe.cancel()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection."""
        self._stop_deadline()
        super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP; also a body whose chunks are malformed."""
        if not self.idle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._malformed = True
        self._send_refusal(RequestRefused(Reason.MALFORMED_REQUEST, msg))
        self.transport.close()

    @property
    def idle(self) -> bool:
        """Whether no request is in work."""
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """Closes the connection now."""
        self._inner.abort()

    @property
    def _inner(self) -> asyncio.Transport:
        transport = self.transport
        return transport.inner if isinstance(transport, _LingeringTransport) else transport

    def _send_refusal(self, refusal: RequestRefused) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        ids = Ids()
        answer = failure(ids, code_for(refusal), "current", refusal.message)
        event = "malformed request" if self._malformed else "refused connection"
        logger.info(event, extra={"facts": {"request_id": ids.request_id}})
        headers = [*answer.raw_headers, (b"x-request-id", ids.request_id.encode())]
        if refusal.retry_after is not None:
            headers.append((b"retry-after", b"%d" % refusal.retry_after))
        for part in (
            h11.Response(
                status_code=answer.status_code,
                headers=[*headers, (b"connection", b"close")],
                reason=STATUS_PHRASES[answer.status_code],
            ),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(part) or b"")

    def _ask_for_life(self) -> None:
        """Sends an interim answer: who has left refuses it, and the request is given up."""
        if self.idle or self.cycle.response_started:
            return  # what is sent from now on asks the same
        if self.scope["http_version"] == "1.0":
            self._inner.abort()  # interim answers are unknown to it (RFC 9110, 15.2)
            return
        event = h11.InformationalResponse(status_code=102, headers=[], reason="Processing")
        self.transport.write(self.conn.send(event) or b"")
        self._probe = self.loop.call_later(_PROBE_SECONDS, self._look_for_life)

    def _look_for_life(self) -> None:
        found: socket.socket | None = self._inner.get_extra_info("socket")
        if found is not None and found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._inner.abort()
        elif not self.idle:
            self._probe = self.loop.call_later(HALF_CLOSED_SECONDS, self._ask_for_life)

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(self.header_seconds, self._give_up)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self._inner.abort()


def protocol(header_seconds: float, held: Connections) -> type[BoundedProtocol]:
    """The protocol with its deadline and its bound on connections set."""
    return type("Protocol", (BoundedProtocol,), {"header_seconds": header_seconds, "held": held})
