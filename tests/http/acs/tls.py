"""Something that speaks TLS for a server on loopback, as a proxy in front of it would."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def tls_front(port: int, target: int, folder: Path) -> Iterator[Path]:
    """Listens at `port` for the server at `target`; its certificate, which is of 127.0.0.1."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=loops", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ends: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(work: object, *arguments: object) -> None:
        threads.append(threading.Thread(target=work, args=arguments))  # type: ignore[arg-type]
        threads[-1].start()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while found := source.recv(65536):
                target.sendall(found)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):  # the end of the test
            while True:
                client = context.wrap_socket(listener.accept()[0], server_side=True)
                server = socket.create_connection(("127.0.0.1", target))
                ends.extend((client, server))
                start(pump, client, server)
                start(pump, server, client)

    with socket.create_server(("127.0.0.1", port)) as listener:
        start(serve)
        yield certificate
        listener.shutdown(socket.SHUT_RDWR)
        threads[0].join()
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    for thread in threads[1:]:
        thread.join()
    for end in ends:
        end.close()
