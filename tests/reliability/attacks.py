"""What an attacker does, as a program: `python -m tests.reliability.attacks NAME ADDRESS SECRET`.

It gives way to everything else, as a stranger's machine takes none of the service's processors, and
ends with its standard input.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx

from tests.http import photos
from tests.http.sockets import connected
from tests.http.test_fairness import MIB, beginning, head
from windstill.jobs.supervise import linux

Attack = Callable[[str, str], None]


def announcing(address: str, secret: str) -> None:
    """Announces much and sends little."""
    with suppress(OSError), connected(address, 5) as connection:
        connection.sendall(head("/v1/animations", secret, 96 * MIB) + beginning(250))
        time.sleep(0.5)


def previewing(address: str, secret: str) -> None:
    """Asks for what costs nothing, again and again."""
    photo = photos.jpeg(1280, 720)
    bearer = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=address, headers=bearer, timeout=60) as client:
        while True:
            for path in ("/v1/previews", "/v1/mattes"):
                with suppress(httpx.TransportError):
                    client.post(path, files={"image": photo})
            time.sleep(0.02)


def connecting(address: str, secret: str) -> None:
    """Opens connections from another address, says half a request, and holds them."""
    server = urlsplit(address)
    with ExitStack() as stack:
        for _ in range(60):
            with suppress(OSError):
                connection = socket.create_connection(
                    (server.hostname, server.port), 5, source_address=("127.0.0.2", 0)
                )
                stack.enter_context(connection)
                connection.sendall(b"GET / HTTP/1.1\r\nX-")
        time.sleep(5)


ATTACKS: dict[str, tuple[Attack, int]] = {
    "announced lengths": (announcing, 8),
    "free work": (previewing, 6),
    "half-open connections": (connecting, 3),
}
"""Each attack, and in how many threads."""


def main(name: str, address: str, secret: str) -> None:
    """Attacks until the standard input ends."""
    os.setsid()
    linux.give_way(19)
    attack, threads = ATTACKS[name]

    def go_on() -> None:
        while True:
            attack(address, secret)

    for _ in range(threads):
        threading.Thread(target=go_on, daemon=True).start()
    print("attacking", flush=True)
    sys.stdin.read()
    os._exit(0)  # no answer is waited for


if __name__ == "__main__":
    main(*sys.argv[1:])
