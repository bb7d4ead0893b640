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
    """The next answer, by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        assert piece, f"closed after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    status = int(first.split()[1])
    if status == 100:
        return read_answer(connection)
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65536)
        assert piece, "closed within the body"
        body += piece
    return httpx.Response(status, headers=headers, content=body)


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
