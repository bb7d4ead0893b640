"""Requests that lie about themselves: refused in order, with nothing left on any disk."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.http import forms, photos
from tests.http.envelopes import checked
from tests.http.running import ANIMATE, RunningServer, until
from tests.http.sockets import closed, connected, read_answer
from tests.http.test_hostile import bombs
from tests.reliability.usage import leftovers

BODY = forms.form(forms.image(photos.jpeg()), forms.operation())
CUT = photos.jpeg()[:600]
NAMES = [
    "../../../../etc/passwd", "..\\..\\windows\\x.jpg", "/etc/passwd", "C:\\x.jpg",
    "%2e%2e%2f%2e%2e%2fx", "....//....//x", "photo.jpg\x00.php", "photo\r.jpg", "~root/x",
    "|id", "$(id).jpg", "`id`.jpg", "x" * 3000, ".", "..", "\u202egpj.exe", "con", "x.jpg/..",
]  # fmt: skip


def head(server: RunningServer, path: str, *lines: str) -> bytes:
    given = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"ailabapi-api-key: {server.key}",
        f"Content-Type: multipart/form-data; boundary={forms.BOUNDARY}",
        *lines,
    )
    return "\r\n".join((*given, "", "")).encode()


def nothing_left(server: RunningServer) -> None:
    until(lambda: not leftovers(server))
    assert not server.records("unexpected error")


@pytest.mark.parametrize("path", [ANIMATE, "/v1/animations"])
def test_file_names_lead_nowhere(sturdy: RunningServer, path: str) -> None:
    before = {entry for entry in sturdy.data.parent.rglob("*") if "blobs" not in entry.parts}
    for name in NAMES:
        part = forms.image(CUT, f'name="image"; filename="{name}"')
        body = forms.form(part, *([forms.operation()] if path == ANIMATE else []))
        headers = {**sturdy.headers, **forms.content_type()}
        answer = httpx.post(sturdy.address + path, content=body, headers=headers, timeout=60)
        assert answer.status_code in (202, 400, 422), (name, answer.text)
    nothing_left(sturdy)
    after = {entry for entry in sturdy.data.parent.rglob("*") if "blobs" not in entry.parts}
    assert {entry for entry in after - before if not entry.name.startswith("windstill.db")} == set()


@pytest.mark.parametrize("path", [ANIMATE, "/v1/animations"])
@pytest.mark.parametrize(
    "body",
    [
        forms.form(forms.image(photos.jpeg()), *[forms.operation("1", 'name="x"')] * 10_000),
        forms.form(*[forms.image(photos.jpeg())] * 100),
        forms.form(forms.part('Content-Disposition: form-data; name="' + "x" * 70_000, b"x")),
        forms.form(forms.part("\r\n".join(f"X-{n}: y" for n in range(2000)), b"x")),
        forms.form(forms.image(b"")),
        BODY[: len(BODY) // 2],
        b"\r\n" * 100_000,
        b"--" + forms.BOUNDARY.encode() * 10_000,
    ],
    ids=["parts", "images", "name", "heads", "empty", "half", "lines", "boundaries"],
)
def test_forms_that_lie_are_refused(sturdy: RunningServer, path: str, body: bytes) -> None:
    headers = {**sturdy.headers, **forms.content_type()}
    answer = httpx.post(sturdy.address + path, content=body, headers=headers, timeout=60)
    assert 400 <= answer.status_code < 500, answer.text
    nothing_left(sturdy)


@pytest.mark.parametrize("path", [ANIMATE, "/v1/animations"])
def test_a_form_with_too_many_parts_is_refused_for_that(sturdy: RunningServer, path: str) -> None:
    name = "operation" if path == ANIMATE else "seed"
    parts = [forms.operation("1", f'name="{name}"')] * 10_000
    answer = httpx.post(
        sturdy.address + path,
        content=forms.form(forms.image(photos.jpeg()), *parts),
        headers={**sturdy.headers, **forms.content_type()},
        timeout=60,
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert "parts at most" in answer.text
    nothing_left(sturdy)


def test_bombs_are_refused(sturdy: RunningServer) -> None:
    for bomb in bombs():
        answer = sturdy.animate(bomb)
        assert 400 <= answer.status_code < 500, checked(answer)
    nothing_left(sturdy)


@pytest.mark.parametrize("path", [ANIMATE, "/v1/animations"])
@pytest.mark.parametrize(
    "line",
    [
        "X-Long: " + "x" * 65_536, "Cookie: " + "a=b; " * 13_000, "Content-Length: 9" + "9" * 30,
        "Content-Length: 0x10", "Content-Length: 5, 6", "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding : chunked", "Transfer-Encoding: \x0bchunked",
    ],
    ids=[
        "64 KB", "cookies", "huge", "hexadecimal", "list", "two", "both", "gzip", "space", "tab",
    ],
)  # fmt: skip
def test_heads_that_lie_are_refused(sturdy: RunningServer, path: str, line: str) -> None:
    with connected(sturdy.address) as connection:
        connection.sendall(head(sturdy, path, line) + b"0\r\n\r\n")
        answer = read_answer(connection)
        assert 400 <= answer.status_code < 502, answer.text
        assert answer.status_code != 500


def test_a_body_shorter_or_slower_than_announced_is_given_up(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(upload_seconds=1, header_seconds=1)
    for path in (ANIMATE, "/v1/animations"):
        with connected(server.address) as connection:
            connection.sendall(head(server, path, f"Content-Length: {len(BODY) + 10}") + BODY)
            assert read_answer(connection).status_code in (400, 408)
            assert closed(connection)
        with connected(server.address) as connection:
            connection.sendall(head(server, path, f"Content-Length: {len(BODY)}") + BODY[:50])
        with connected(server.address) as connection:
            connection.sendall(head(server, path, "Transfer-Encoding: chunked") + b"5\r\nab")
            assert read_answer(connection).status_code in (400, 408)
            assert closed(connection)
    nothing_left(server)
