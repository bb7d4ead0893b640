"""Messages between the service, the fork server and job processes.

Each is one JSON object in one packet of a SOCK_SEQPACKET socket, so that a process that dies
while it writes can't leave half a message, and none can grow beyond the bound.
"""

from __future__ import annotations

import json
import socket
from typing import Any

MAX_MESSAGE = 64 * 1024
"""Bytes of the longest message; far below the socket's buffer, so sending one never splits it."""

MAX_FDS = 4


class WireError(Exception):
    """The other side broke the rules, or is gone."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends; neither is inherited by programs that are started."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def encode(message: dict[str, Any]) -> bytes:
    """A message's bytes. Raises ValueError if it is too long or can't be told in JSON."""
    data = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    if len(data) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(data)} bytes; {MAX_MESSAGE} are allowed")
    return data


def send(end: socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    """Sends one message, with file descriptors. Raises `WireError` if it can't be delivered."""
    data = encode(message)
    try:
        socket.send_fds(end, [data], list(fds))
    except OSError as error:
        raise WireError(f"the other side is gone: {error}") from error


def receive(end: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next message and its file descriptors; None at the end of the connection.

    Raises `WireError` for what is no message, and BlockingIOError from a socket that has none.
    """
    try:
        data, fds, flags, _ = socket.recv_fds(end, MAX_MESSAGE + 1, MAX_FDS)
    except TimeoutError as error:
        raise WireError("the other side does not answer") from error
    except ConnectionError:
        return None, []
    if not data:
        return None, fds
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(data) > MAX_MESSAGE:
        raise WireError("a message beyond the bound")
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError("no JSON") from error
    if not isinstance(message, dict):
        raise WireError("no JSON object")
    return message, fds
