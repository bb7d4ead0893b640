"""Webhooks and photos by address: off unless allowed; signed, repeated, guarded."""

from __future__ import annotations

import hmac
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.http import photos
from tests.http.native.asking import bearer, finished, post, problem
from tests.http.native.receiving import Receiver, receiver
from tests.http.running import RunningServer, until
from tests.http.test_keys import keys

ALLOWED = {"webhooks": True, "image_urls": True, "reachable_networks": "127.0.0.1/32"}


@pytest.fixture
def inside() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def genuine(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """What a receiver checks."""
    parts = dict(part.split("=") for part in headers["windstill-signature"].split(","))
    expected = hmac.new(secret.encode(), f"{parts['t']}.".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"])


def test_the_end_of_an_animation_is_told_until_it_is_heard(
    launch: Callable[..., RunningServer], inside: Receiver, tmp_path: Path
) -> None:
    server = launch(**ALLOWED)
    secret = httpx.get(f"{server.address}/v1/webhook-secret", headers=bearer(server)).json()
    inside.answers["/loops"] = [(500, {}, b""), (302, {"Location": "/"}, b""), (200, {}, b"ok")]
    made = post(server, webhook=f"{inside.address}/loops").json()
    until(lambda: len(inside.heard) == 1)
    assert server.stop() == 0  # nothing of the outbox is lost
    until(lambda: server.process.poll() is not None)
    again = launch(**ALLOWED, data=server.data)
    clock = next(tmp_path.glob("server1")) / "clock"
    for count, ahead in ((2, 100), (3, 1000)):
        clock.write_text(str(ahead))
        until(lambda count=count: len(inside.heard) >= count)  # type: ignore[misc]
    clock.write_text("100000")
    post(again, wait=30, secret=server.key)
    assert [path for path, _, _ in inside.heard] == ["/loops"] * 3
    for attempt, (_, headers, body) in enumerate(inside.heard, 1):
        assert headers["windstill-attempt"] == str(attempt)
        assert genuine(headers, body, secret["secret"])
        assert not genuine(headers, body + b" ", secret["secret"])
        told = json.loads(body)
        assert (told["type"], told["animation"]["id"]) == ("animation.succeeded", made["id"])
    assert told["animation"]["result"]["url"].startswith(server.address)


def test_a_receiver_that_is_silent_holds_up_nobody(
    launch: Callable[..., RunningServer], inside: Receiver
) -> None:
    server = launch(**ALLOWED)
    inside.answers["/"] = [(204, {}, b"")]
    cut = photos.jpeg()[:600]
    greedy = keys(server, "create", "greedy")["secret"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        hook = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for _ in range(24):
            assert post(server, cut, secret=greedy, wait=30, webhook=hook).status_code == 201
        # Also where the other's messages go to the same host.
        post(server, cut, webhook=f"{inside.address}/")
        until(lambda: len(inside.heard) == 1, seconds=10)
        # Four are tried, all others wait.
        silent.setblocking(False)
        held = []
        with suppress(BlockingIOError):
            while True:
                held.append(silent.accept()[0])
        for connection in held:
            connection.close()
        assert 1 <= len(held) <= 4


def test_a_failure_is_told_too(launch: Callable[..., RunningServer], inside: Receiver) -> None:
    server = launch(**ALLOWED)
    inside.answers["/"] = [(204, {}, b"")]
    post(server, photos.jpeg()[:600], webhook=f"{inside.address}/")
    until(lambda: len(inside.heard) == 1)
    told = json.loads(inside.heard[0][2])
    assert (told["type"], told["animation"]["error"]["code"]) == (
        "animation.failed", "corrupt_photo",
    )  # fmt: skip


def test_a_photo_is_fetched_from_its_address(
    launch: Callable[..., RunningServer], inside: Receiver
) -> None:
    server = launch(**ALLOWED)
    inside.answers["/photo.jpg"] = [(200, {}, photos.jpeg())]
    inside.answers["/moved"] = [(301, {"Location": "http://127.0.0.2/photo.jpg"}, b"")]
    inside.answers["/text"] = [(200, {}, b"no photo")]
    path = f"{server.address}/v1/animations"
    given = {**bearer(server), "Prefer": "wait=30"}

    def ask(url: str, **more: object) -> httpx.Response:
        told = {"image_url": url, "options": {"seconds": 2, "fps": 8}, **more}
        return httpx.post(path, headers=given, json=told, timeout=60)

    body = finished(ask(f"{inside.address}/photo.jpg", priority="high"))
    assert body["options"]["fps"] == 8
    assert body["result"]["width"] == 96
    problem(ask(f"{inside.address}/moved"), 422, "unreachable", "image_url")
    problem(ask(f"{inside.address}/gone"), 422, "unreachable", "image_url")
    problem(ask("http://169.254.169.254/"), 422, "unreachable", "image_url")
    problem(ask(f"{inside.address}/text"), 415, "not_a_photo", "image")
    answer = ask(f"{inside.address}/photo.jpg", webhook="http://10.0.0.1/")
    problem(answer, 422, "unreachable", "webhook")


def test_both_are_off_unless_the_operator_allows_them(server: RunningServer) -> None:
    problem(post(server, webhook="https://example.org/"), 403, "not_allowed_here", "webhook")
    told = {"image_url": "https://example.org/photo.jpg"}
    answer = httpx.post(f"{server.address}/v1/animations", headers=bearer(server), json=told)
    problem(answer, 403, "not_allowed_here", "image_url")
    answer = httpx.get(f"{server.address}/v1/webhook-secret", headers=bearer(server))
    problem(answer, 403, "not_allowed_here")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "broken_body", None),
        (b"[]", "broken_body", None),
        (b"[" * 30_000, "broken_body", None),
        (b'{"options": 1}', "broken_body", "options"),
        (b'{"options": {"fps": []}}', "invalid_field", "fps"),
        (b'{"options": {"fps": 1e999}}', "invalid_option", "fps"),
        (b'{"options": {"fps": NaN}}', "invalid_option", "fps"),
        (b'{"fps\\ud800": 1}', "invalid_field", "fps?"),
        (b'{"image": "AAAA"}', "invalid_field", "image"),
        (b"{}", "missing_field", "image"),
    ],
)
def test_json_that_says_nothing_is_refused(
    server: RunningServer, body: bytes, code: str, field: str | None
) -> None:
    headers = {**bearer(server), "Content-Type": "application/json; charset=utf-8"}
    answer = httpx.post(f"{server.address}/v1/animations", headers=headers, content=body)
    problem(answer, 400, code, field)
