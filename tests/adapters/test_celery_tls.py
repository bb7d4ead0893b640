"""A broker behind TLS, whose certificate must be one that the system trusts."""

from __future__ import annotations

import secrets
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.adapters.test_queue import SOON
from tests.adapters.waiting import connected
from tests.servers.rabbitmq import RabbitMQ
from windstill.adapters.celery import CeleryQueue


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file, that nobody has vouched for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, found = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", found),
        ],
        check=True,
        capture_output=True,
    )
    both = tmp_path / "both.pem"
    both.write_text(found.read_text() + key.read_text())
    return both


@pytest.fixture
def url(rabbitmq: RabbitMQ, certificate: Path) -> Iterator[str]:
    """The broker's address behind something that speaks TLS for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ends: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):  # the end of the test
            while True:
                plain = listener.accept()[0]
                try:
                    client = context.wrap_socket(plain, server_side=True)
                except OSError:  # refused by the other side
                    plain.close()
                    continue
                server = socket.create_connection(("127.0.0.1", rabbitmq.port))
                ends.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while found := source.recv(65536):
                target.sendall(found)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield rabbitmq.url.replace("amqp://", "amqps://").replace(f":{rabbitmq.port}/", f":{port}/")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for end in ends:
        end.close()


def test_a_broker_that_the_system_trusts_is_used(
    url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    queue = connected(CeleryQueue(url, f"test-{secrets.token_hex(4)}"))
    assert queue.put("a")
    assert queue.take(SOON) == "a"
    assert queue.problems() == []
    queue.done("a")
    queue.release()


def test_a_broker_that_nobody_vouches_for_is_not(url: str) -> None:
    queue = CeleryQueue(url, f"test-{secrets.token_hex(4)}")
    assert not queue.put("a")
    (problem,) = queue.problems()
    assert "certificate" in problem
    queue.release()
