"""Ports for servers that are started and stopped again."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _USUAL_END = 12_000, 32_768
_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that this process gave out never before.

    Not one that the system would pick: until the server listens there, or while it is down, any
    connection that is made meanwhile could get it for its own end.
    """
    for port in random.sample(range(_LOWEST, _end()), 200):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError(f"no port is free from {_LOWEST} to {_end()}")


def _end() -> int:
    try:
        return max(int(_EPHEMERAL.read_text().split()[0]), _LOWEST + 1_000)
    except (OSError, ValueError):
        return _USUAL_END


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
