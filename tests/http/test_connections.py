"""Clients that send slowly, too much, nonsense, or leave: they get an answer and cost nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests.http import forms, photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import ANIMATE, RunningServer, start_server, until
from tests.http.sockets import closed, connected, read_answer
from windstill.http.connections import Connections
from windstill.http.refusals import RequestRefused

BODY = forms.form(forms.image(photos.jpeg()), forms.operation())


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with short deadlines, one slot and long loops."""
    running = start_server(
        tmp_path_factory.mktemp("impatient"),
        upload_seconds=1,
        header_seconds=1,
        slots=1,
        queue_length=2,
    )
    yield running
    assert running.stop() == 0


def head(server: RunningServer, *lines: str, key: str | None = None) -> bytes:
    given = (
        f"POST {ANIMATE} HTTP/1.1",
        "Host: localhost",
        f"ailabapi-api-key: {key or server.key}",
        f"Content-Type: multipart/form-data; boundary={forms.BOUNDARY}",
        *lines,
    )
    return "\r\n".join((*given, "", "")).encode()


def test_a_slow_body_is_refused_and_cut(impatient: RunningServer) -> None:
    with connected(impatient.address) as connection:
        connection.sendall(head(impatient, f"Content-Length: {len(BODY)}") + BODY[:100])
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")
        assert closed(connection)


def test_a_slow_head_is_cut(impatient: RunningServer) -> None:
    with connected(impatient.address) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-")
        assert closed(connection)


def test_a_slow_second_head_is_cut(impatient: RunningServer) -> None:
    with connected(impatient.address, 20) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(connection).status_code == 200
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-")
        assert closed(connection)


def test_a_connection_that_says_nothing_is_cut(impatient: RunningServer) -> None:
    with connected(impatient.address) as connection:
        assert closed(connection)


def test_more_bytes_than_announced_harm_nobody(impatient: RunningServer) -> None:
    with connected(impatient.address) as connection:
        connection.sendall(
            head(impatient, f"Content-Length: {len(BODY)}") + BODY + b"GARBAGE\r\n\r\n"
        )
        succeeded(read_answer(connection))
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")
        assert closed(connection)


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20_000,
        b"GET / HTTP/1.1\r\nNo colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
    ids=["words", "tls", "long header", "many headers", "no colon", "minus", "two lengths"],
)
def test_what_is_not_http_gets_the_envelope(server: RunningServer, sent: bytes) -> None:
    with connected(server.address) as connection:
        connection.sendall(sent)
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")


def test_malformed_chunks_get_the_envelope(server: RunningServer) -> None:
    with connected(server.address) as connection:
        connection.sendall(head(server, "Transfer-Encoding: chunked") + b"zzz\r\nabc\r\n")
        refused(read_answer(connection), 400, "ERROR_PARAMETERS")
        assert closed(connection)


def test_a_length_that_is_too_large_is_refused_unread(server: RunningServer) -> None:
    with connected(server.address) as connection:
        connection.sendall(head(server, "Content-Length: 99999999999"))
        refused(read_answer(connection), 413, "ERROR_REQUEST_BODY_TOO_LARGE")


def test_the_key_is_checked_before_the_body_is_asked_for(server: RunningServer) -> None:
    with connected(server.address) as connection:
        lines = (f"Content-Length: {len(BODY)}", "Expect: 100-continue")
        connection.sendall(head(server, *lines, key="unknown"))
        first = connection.recv(12)
        assert first == b"HTTP/1.1 401"


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_a_client_that_closes_still_gets_its_refusal(server: RunningServer, version: str) -> None:
    request = head(server, "Content-Length: 3000000", "Connection: close", key="unknown")
    with connected(server.address) as connection:
        connection.sendall(request.replace(b"HTTP/1.1", version.encode()) + bytes(3_000_000))
        refused(read_answer(connection), 401, "ERROR_APPLICATIONS_NOT_EXISTS")


def test_a_refused_connection_can_be_used_again(server: RunningServer) -> None:
    with server.client() as client:
        for _ in range(3):
            response = client.post(ANIMATE, content=bytes(300_000))
            refused(response, 401, "ERROR_APPLICATIONS_NOT_EXISTS")


def test_a_full_house_is_refused_at_once_and_says_when_to_come_back(
    impatient: RunningServer,
) -> None:
    photo = photos.jpeg(640, 480)
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(impatient.animate(photo))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turned_away = [answer for answer in answers if answer.status_code != 200]
    assert turned_away
    for answer in turned_away:
        refused(answer, 429, "EXCEEDING_LIMITS")
        assert int(answer.headers["retry-after"]) >= 1
    assert len(turned_away) < 8


def test_a_client_that_leaves_cancels_its_job(impatient: RunningServer) -> None:
    photo = photos.jpeg(1900, 1900)
    body = forms.form(forms.image(photo), forms.operation())

    def cancelled() -> float:
        text = httpx.get(f"{impatient.address}/metrics").text
        lines = [x for x in text.splitlines() if "windstill_jobs_total{" in x and "cancelled" in x]
        return sum(float(line.split()[-1]) for line in lines)

    before = cancelled()
    with connected(impatient.address) as first, connected(impatient.address) as second:
        for connection in (first, second):
            connection.sendall(head(impatient, f"Content-Length: {len(body)}") + body)
        until(lambda: "windstill_queue_depth 1.0" in httpx.get(f"{impatient.address}/metrics").text)
    # The running one may have finished in the moment in which its client left.
    until(lambda: cancelled() > before)
    until(lambda: any(line["status"] == 499 for line in impatient.records("request")))
    succeeded(impatient.animate(photos.jpeg()))


def test_nothing_of_all_this_is_left(impatient: RunningServer) -> None:
    until(lambda: not [path for path in impatient.files() if "upload" in str(path)])


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that holds few connections, and believes a proxy on this machine."""
    running = start_server(
        tmp_path_factory.mktemp("narrow"),
        max_connections=12,
        max_connections_per_address=3,
        trusted_proxies="127.0.0.1",
        header_seconds=120,  # so that what is closed is not closed for being slow
    )
    yield running
    assert running.stop() == 0


def test_nobody_is_kept_out_by_connections_that_say_nothing(narrow: RunningServer) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connected(narrow.address)) for _ in range(30)]
        for connection in silent:
            connection.sendall(b"GET / HTTP/1.1\r\nX-")
        assert httpx.get(f"{narrow.address}/livez").status_code == 200
        # The oldest of them were let go.
        assert closed(silent[0])


def test_a_client_behind_the_proxy_has_its_own_bound(narrow: RunningServer) -> None:
    def ask(connection: socket.socket, address: str) -> None:
        sent = head(narrow, f"X-Forwarded-For: {address}", f"Content-Length: {len(BODY)}")
        connection.sendall(sent + BODY[:20])

    with ExitStack() as stack:
        held = [stack.enter_context(connected(narrow.address)) for _ in range(4)]
        for connection in held[:3]:
            ask(connection, "192.0.2.1")
        ask(held[3], "192.0.2.1")
        refused(read_answer(held[3]), 429, "EXCEEDING_LIMITS")
        for other in ("192.0.2.2", "2001:db8::1"):
            answer = httpx.get(f"{narrow.address}/livez", headers={"X-Forwarded-For": other})
            assert answer.status_code == 200


def test_one_address_has_a_bound_without_a_proxy(launch: Callable[..., RunningServer]) -> None:
    server = launch(max_connections_per_address=5)
    with ExitStack() as stack:
        held = [stack.enter_context(connected(server.address)) for _ in range(6)]
        answer = read_answer(held[5])
        refused(answer, 429, "EXCEEDING_LIMITS")
        assert answer.headers["retry-after"] == "1"
        assert closed(held[5])
        held[0].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(held[0]).status_code == 200
    until(lambda: answers(server, "/livez"))


def answers(server: RunningServer, path: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(server.address + path).status_code == 200
    return False


def test_an_ipv6_network_counts_as_one_address() -> None:
    table = Connections(8, 2)
    with table.request("2001:db8::1"), table.request("2001:db8::2"):
        with pytest.raises(RequestRefused):
            table.request("2001:db8::3").__enter__()
        with table.request("2001:db8:0:1::1"), table.request("::ffff:192.0.2.1"):
            pass
    with table.request("2001:db8::3"):
        pass
