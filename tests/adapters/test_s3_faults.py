"""An object store that refuses, hangs, is slow, or is somebody else's."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import free_port
from tests.servers.s3 import S3Server, nanio
from windstill.adapters.s3 import S3Blobs
from windstill.jobs.errors import BlobMissing, StorageError

NAME = "results/0123456789abcdef.mp4"
PATIENCE = 0.4
BOUND = 10.0
"""Far above what is promised, so that a busy machine fails no test."""

Talk = Callable[[socket.socket], None]


def every_call(blobs: S3Blobs, folder: Path) -> dict[str, Callable[[], object]]:
    return {
        "put": lambda: blobs.put(NAME, b"video"),
        "put large": lambda: blobs.put(NAME, bytes(9 << 20)),
        "fetch": lambda: blobs.fetch(NAME, folder / "copy"),
        "stat": lambda: blobs.stat(NAME),
        "open": lambda: blobs.open(NAME).read(),
        "delete": lambda: blobs.delete(NAME),
        "names": lambda: list(blobs.names()),
        "sweep": lambda: blobs.sweep(set(), float("inf")),
        "probe": blobs.probe,
    }


def assert_all_fail(blobs: S3Blobs, folder: Path) -> set[str]:
    """That every call raises StorageError, soon, with a message fit for a log; returns these."""
    messages = set()
    for name, call in every_call(blobs, folder).items():
        begin = time.monotonic()
        with pytest.raises(StorageError) as failed:
            call()
        assert time.monotonic() - begin < BOUND, name
        assert blobs.address.secret_key not in str(failed.value)
        messages.add(failed.value.message)
    assert list(folder.iterdir()) == []
    return messages


def test_a_store_that_refuses_connections_fails_each_call(
    nanio_server: S3Server, tmp_path: Path
) -> None:
    address = nanio_server.address(endpoint=f"http://127.0.0.1:{free_port()}")
    messages = assert_all_fail(S3Blobs(address, patience=PATIENCE), tmp_path)
    assert messages == {"The object store can't be reached, or does not answer in time."}


def test_a_store_that_hangs_fails_each_call(nanio_server: S3Server, tmp_path: Path) -> None:
    with listening(lambda connection: None) as endpoint:
        blobs = S3Blobs(nanio_server.address(endpoint=endpoint), patience=PATIENCE)
        messages = assert_all_fail(blobs, tmp_path)
    assert messages == {"The object store can't be reached, or does not answer in time."}


def test_a_store_that_has_a_defect_fails_each_call(nanio_server: S3Server, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with listening(lambda connection: connection.sendall(answer)) as endpoint:
        blobs = S3Blobs(nanio_server.address(endpoint=endpoint), patience=PATIENCE)
        messages = assert_all_fail(blobs, tmp_path)
    assert messages == {"The object store answers with status 503."}


def test_a_download_that_stalls_leaves_no_part_of_it(
    nanio_server: S3Server, tmp_path: Path
) -> None:
    head = (
        'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "e"\r\n'
        "Last-Modified: Sun, 22 Nov 2026 20:00:00 GMT\r\n\r\n"
    )
    with listening(lambda connection: connection.sendall(head.encode() + b"half")) as endpoint:
        blobs = S3Blobs(nanio_server.address(endpoint=endpoint), patience=PATIENCE)
        with pytest.raises(StorageError):
            blobs.fetch(NAME, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_is_told_without_naming_it(nanio_server: S3Server, tmp_path: Path) -> None:
    address = nanio_server.address(prefix=secrets.token_hex(8), secret_key="not-the-secret-" * 3)
    messages = assert_all_fail(S3Blobs(address), tmp_path)
    assert messages == {"The object store refuses the key, or the key may not do this."}


def test_a_missing_bucket_is_told(nanio_server: S3Server, tmp_path: Path) -> None:
    known = nanio_server.address()
    address = type(known).of(
        "s3://no-such-bucket",
        endpoint=known.endpoint,
        access_key=known.access_key,
        secret_key=known.secret_key,
    )
    blobs = S3Blobs(address)
    calls = every_call(blobs, tmp_path)
    calls.pop("delete")  # what is not there needs none
    for call in calls.values():
        with pytest.raises(StorageError, match="no bucket of the name"):
            call()


def test_a_store_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with nanio(tmp_path / "store") as server:
        # With the patience that is usual: what must succeed here may take its time.
        blobs = S3Blobs(server.address())
        blobs.put(NAME, b"before")
    with pytest.raises(StorageError):
        blobs.stat(NAME)
    port = int(server.endpoint.rpartition(":")[2])
    with nanio(tmp_path / "store", port=port):
        assert blobs.stat(NAME).size == 6
        blobs.probe()
        blobs.delete(NAME)
        with pytest.raises(BlobMissing):
            blobs.stat(NAME)


@contextmanager
def listening(talk: Talk) -> Iterator[str]:
    """A server on loopback that reads a request, does what `talk` does, and then keeps still."""
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                talk(connection)
            except OSError:
                return
            stopped.wait(30)

    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        threads = [threading.Thread(target=accept, args=(listener, serve))]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            threads[0].join()


def accept(listener: socket.socket, serve: Talk) -> None:
    threads = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        threads.append(threading.Thread(target=serve, args=(connection,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
