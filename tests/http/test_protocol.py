"""HTTP as RFC 9112 has it: what is refused, what is understood, and no answer late or lost."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.http import forms, photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import ANIMATE, RunningServer, until
from tests.http.sockets import closed, connected, read_answer
from tests.http.test_connections import head
from tests.servers.nginx import nginx
from tests.servers.ports import free_port
from windstill.http.server import listening_socket

HOW_TO = Path(__file__).parents[2] / "docs/how-to/proxy.md"
TOO_MANY = [forms.operation("1", 'name="x"')] * 40
BODY = forms.form(forms.image(photos.jpeg()), forms.operation())
PATIENCE = 4.0
"""Seconds that a test waits for an answer that needs nothing but to be given."""


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with (
        closing(listening_socket("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        closing(listener.accept()[0]) as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("rest", [True, False], ids=["all sent", "more to come"])
def test_a_refusal_within_an_upload_comes_at_once(
    server: RunningServer, version: str, rest: bool
) -> None:
    body = forms.form(forms.image(photos.jpeg()), *TOO_MANY)
    announced = len(body) + (0 if rest else 1_000_000)
    request = head(server, f"Content-Length: {announced}", "Connection: close") + body
    with connected(server.address, PATIENCE) as connection:
        connection.sendall(request.replace(b"HTTP/1.1", version.encode(), 1))
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")
        assert closed(connection)


def test_a_refused_upload_of_megabytes_still_gets_its_answer(server: RunningServer) -> None:
    body = forms.form(forms.image(photos.jpeg()), *TOO_MANY, forms.image(bytes(5_000_000)))
    with connected(server.address, PATIENCE) as connection:
        connection.sendall(head(server, f"Content-Length: {len(body)}", "Connection: close") + body)
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")


@pytest.fixture
def proxied(server: RunningServer, tmp_path: Path) -> Iterator[str]:
    """The address of an nginx before the server, set up as the how-to says."""
    port = free_port()
    found = re.search(r"```nginx\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    assert found is not None
    text = found[1].replace("http://127.0.0.1:8080", server.address)
    zones, _, locations = text.rpartition("server {")
    assert text != found[1]
    with nginx(tmp_path, f"{zones} server {{ listen 127.0.0.1:{port}; {locations}", port):
        yield f"http://127.0.0.1:{port}"


def test_a_refusal_within_an_upload_comes_at_once_through_nginx(
    server: RunningServer, proxied: str
) -> None:
    body = forms.form(forms.image(photos.jpeg()), *TOO_MANY)
    headers = {**server.headers, **forms.content_type()}
    answer = httpx.post(proxied + ANIMATE, content=body, headers=headers, timeout=PATIENCE)
    refused(answer, 400, "ERROR_PARAMETERS")
    succeeded(httpx.post(proxied + ANIMATE, content=BODY, headers=headers, timeout=60))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /livez HTTP/1.1\nHost: x\n\n",
        b"GET /livez HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\tc\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n",
    ],
    ids=["bare LF", "one bare LF", "folded", "folded by a tab", "bare CR"],
)
@pytest.mark.parametrize("pieces", [False, True], ids=["at once", "byte by byte"])
def test_lines_that_readers_understand_differently_are_refused(
    server: RunningServer, sent: bytes, pieces: bool
) -> None:
    with connected(server.address, PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [sent[n : n + 1] for n in range(len(sent))] if pieces else [sent]:
            try:
                connection.sendall(piece)
            except ConnectionError:
                break
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")
        assert closed(connection)


def test_two_lengths_are_refused_and_the_connection_ends(server: RunningServer) -> None:
    lines = ("Content-Length: 5", "Transfer-Encoding: chunked")
    with connected(server.address, PATIENCE) as connection:
        connection.sendall(
            head(server, *lines) + b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        answer = read_answer(connection)
        refused(answer, 400, "ERROR_PARAMETERS")
        assert "not both" in answer.json()["error_msg"]
        assert connection.recv(1) == b""


def test_an_absolute_target_is_taken(server: RunningServer) -> None:
    with connected(server.address, PATIENCE) as connection:
        target = f"{server.address}/livez".encode()
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
        assert read_answer(connection).json() == {"status": "alive"}
        root = server.address.encode()
        connection.sendall(b"GET " + root + b" HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
        assert read_answer(connection).status_code == 200


def test_the_host_of_an_absolute_target_counts(server: RunningServer) -> None:
    with connected(server.address) as connection:
        request = head(server, f"Content-Length: {len(BODY)}") + BODY
        connection.sendall(request.replace(b"POST /", b"POST http://loops.example.org/", 1))
        url = succeeded(read_answer(connection))["data"]["url"]
    assert url.startswith("http://loops.example.org/files/")


@pytest.mark.parametrize("path", [ANIMATE + "/", "/image/enhance/image_micro_motion/"])
def test_a_slash_at_the_end_changes_nothing(server: RunningServer, path: str) -> None:
    headers = {**server.headers, **forms.content_type()}
    succeeded(httpx.post(server.address + path, content=BODY, headers=headers, timeout=60))


@pytest.mark.parametrize(
    "request_line", [b"GET /livez HTTP/1.1", b"GET /livez HTTP/1.0"], ids=["1.1", "1.0"]
)
def test_a_client_that_closes_its_sending_half_is_answered(
    server: RunningServer, request_line: bytes
) -> None:
    with connected(server.address, PATIENCE) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection).json() == {"status": "alive"}
        assert closed(connection)


def test_a_client_that_closes_its_sending_half_gets_its_loop(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(seconds=12, fps=24)
    body = forms.form(forms.image(photos.jpeg(1000, 800)), forms.operation())
    with connected(server.address) as connection:
        connection.sendall(head(server, f"Content-Length: {len(body)}") + body)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            said = stream.read()
    # Interim answers asked whether it was still there; the last one is its own.
    *interim, last = said.split(b"HTTP/1.1 ")[1:]
    assert all(answer.startswith(b"102 ") for answer in interim)
    assert last.startswith(b"200 ")
    assert not server.records("unexpected error")


def test_a_preamble_and_an_epilogue_are_skipped(server: RunningServer) -> None:
    headers = {**server.headers, **forms.content_type()}
    for before in (b"This is a message in MIME format.\r\n", b"\r\n\r\n", b"x" * 70_000 + b"\r\n"):
        content = before + BODY + b"That was it."
        succeeded(
            httpx.post(server.address + ANIMATE, content=content, headers=headers, timeout=60)
        )


def test_every_address_is_every_address(launch: Callable[..., RunningServer]) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this system has no sockets for both protocols")
    server = launch(host="::")
    port = httpx.URL(server.address).port
    until(lambda: "every network" in server.output)
    assert "by IPv6 and IPv4" in server.output
    for address in ("127.0.0.1", "[::1]"):
        assert httpx.get(f"http://{address}:{port}/livez").status_code == 200
    lines = server.records("request")
    until(lambda: len(server.records("request")) >= 2)
    lines = server.records("request")
    assert {line["client"] for line in lines} == {"127.0.0.1", "::1"}
