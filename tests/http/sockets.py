"""Talking to a server byte by byte, where an HTTP library would not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx


@contextmanager
def connected(address: str, timeout: float = 60) -> Iterator[socket.socket]:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as connection:
        yield connection


def read_answer(connection: socket.socket) -> httpx.Response:
    """The next answer and no byte of what follows it, by its Content-Length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _received(connection, 1)
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    status = int(first.split()[1])
    if status == 100:
        return read_answer(connection)
    body = b""
    while (missing := int(headers.get("content-length", 0)) - len(body)) > 0:
        body += _received(connection, missing)
    return httpx.Response(status, headers=headers, content=body)


def _received(connection: socket.socket, count: int) -> bytes:
    piece = connection.recv(count)
    assert piece, "the server closed the connection"
    return piece


def closed(connection: socket.socket) -> bool:
    """Whether the server has closed the connection, after what it still had to say."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True
