"""Object stores for tests: real servers on loopback, with data in a folder of the test's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port
from windstill.adapters.s3 import Address

ACCESS_KEY = "WINDSTILLTEST"
SECRET_KEY = "a-secret-that-no-message-may-name"
BUCKET = "windstill-test"
_START_SECONDS = 30.0


@dataclass(frozen=True)
class S3Server:
    """A running object store with one bucket."""

    endpoint: str
    folder: Path

    def address(self, prefix: str = "", **changes: str) -> Address:
        """The bucket, or a folder in it, with the key that opens it."""
        settings = {
            "endpoint": self.endpoint,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            **changes,
        }
        return Address.of(f"s3://{BUCKET}/{prefix}", **settings)


@contextmanager
def nanio(folder: Path, port: int = 0) -> Iterator[S3Server]:
    """A server that checks signatures and their expiry; objects are files below `folder`.

    port: 0 takes a free one.
    """
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port)),
        *("--data-dir", str(folder), "--log-level", "error", "--no-access-log"),
    ]
    keys = {"NANIO_ACCESS_KEY": ACCESS_KEY, "NANIO_SECRET_KEY": SECRET_KEY}
    with running(command, {**os.environ, **keys}, port):
        yield S3Server(f"http://127.0.0.1:{port}", folder)


@contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """A server that knows most of S3's interface, and believes every signature."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, dict(os.environ), port):
        server = S3Server(f"http://127.0.0.1:{port}", folder)
        _make_bucket(port)
        yield server


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    """Inside, the program runs and listens on the port of loopback."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(process, port)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not start")


def _make_bucket(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        host = f"Host: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(f"PUT /{BUCKET} HTTP/1.1\r\n{host}".encode())
        answer = connection.makefile("rb").readline()
    if b" 200 " not in answer:
        raise RuntimeError(f"no bucket: {answer!r}")
