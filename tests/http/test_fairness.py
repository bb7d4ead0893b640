"""One client's requests, whatever they are, take nothing that another one has a right to."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from click.testing import CliRunner
from starlette.requests import Request

from tests.http import forms, photos
from tests.http.envelopes import refused, succeeded
from tests.http.native.asking import bearer, finished, post, problem
from tests.http.running import ANIMATE, RunningServer, until
from tests.http.sockets import connected, read_answer
from tests.http.test_keys import keys
from windstill.cli import main
from windstill.http import multipart
from windstill.http.multipart import body_chunks
from windstill.http.refusals import RequestRefused
from windstill.http.uploads import OVERHEAD, UploadMemory

MIB = 2**20


def head(path: str, secret: str, length: int) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"ailabapi-api-key: {secret}",
        f"Content-Type: multipart/form-data; boundary={forms.BOUNDARY}",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def beginning(size: int) -> bytes:
    """A form that is not over: a photo of so many bytes, without its end."""
    return forms.image(photos.jpeg() + bytes(size))[:-2]


def test_announced_lengths_keep_nobody_out(launch: Callable[..., RunningServer]) -> None:
    server = launch()
    greedy = keys(server, "create", "greedy")["secret"]
    with ExitStack() as stack:
        for _ in range(8):
            connection = stack.enter_context(connected(server.address))
            connection.sendall(head("/v1/animations", greedy, 96 * MIB) + beginning(250))
        succeeded(server.animate(photos.jpeg()))
        finished(post(server, wait=30))


def test_one_key_has_half_of_the_memory(launch: Callable[..., RunningServer]) -> None:
    server = launch(upload_memory_mb=8, max_photo_bytes=MIB)
    greedy = keys(server, "create", "greedy")["secret"]
    with ExitStack() as stack:
        held = [stack.enter_context(connected(server.address)) for _ in range(5)]
        for connection in held:
            connection.sendall(head("/v1/animations", greedy, 3 * MIB) + beginning(MIB))
        # Four of them are more than the key's half.
        answered, _, _ = select.select(held, [], [], 30)
        problem(read_answer(answered[0]), 429, "too_many_uploads")
        succeeded(server.animate(photos.jpeg()))
    until(lambda: post(server, secret=greedy).status_code == 202)


def test_memory_is_shared_and_given_back() -> None:
    memory = UploadMemory(4 * MIB)
    with memory.hold("greedy") as greedy, memory.hold("honest") as honest:
        greedy.take(2 * MIB - OVERHEAD)
        with pytest.raises(RequestRefused):
            greedy.take(1)
        with pytest.raises(RequestRefused):
            memory.hold("greedy").__enter__()
        honest.take(2 * MIB - OVERHEAD)
        with pytest.raises(RequestRefused):
            memory.hold("third").__enter__()
    with memory.hold("greedy") as greedy:
        greedy.take(2 * MIB - OVERHEAD)


@pytest.mark.parametrize("path", [ANIMATE, "/v1/animations"])
def test_what_can_be_refused_before_the_body_is(
    launch: Callable[..., RunningServer], path: str
) -> None:
    server = launch(rate_limit=1, rate_burst=1, job_limit=1)
    poor = keys(server, "create", "poor", "--credits", "14")["secret"]
    hasty = keys(server, "create", "hasty")["secret"]
    finished(post(server, secret=hasty, wait=30))
    for secret, length, statuses in (
        ("unknown", 1000, {401}),
        (poor, 1000, {402, 429}),
        (hasty, 1000, {429}),
        (server.key, 400 * MIB, {413}),
    ):
        with connected(server.address, 10) as connection:
            connection.sendall(head(path, secret, length))  # and nothing of the body
            assert read_answer(connection).status_code in statuses


def test_a_key_with_too_many_jobs_is_refused_before_the_body(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(job_limit=1, seconds=12, fps=60)
    long = {"seconds": "12", "fps": "60"}
    assert post(server, photos.jpeg(1000, 800), **long).status_code == 202
    with connected(server.address, 10) as connection:
        connection.sendall(head(ANIMATE, server.key, 1000))
        refused(read_answer(connection), 429, "EXCEEDING_LIMITS")


def test_a_repeated_request_is_answered_though_nothing_is_left(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch()
    secret = keys(server, "create", "exact", "--credits", "15")["secret"]
    once = {"secret": secret, "headers": {"Idempotency-Key": "once"}, "wait": 30}
    first = finished(post(server, **once))
    assert finished(post(server, **once))["id"] == first["id"]
    problem(post(server, secret=secret), 402, "insufficient_credits")


def test_a_body_that_brings_too_little_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "GRACE_SECONDS", 0.05)

    async def receive() -> dict[str, Any]:
        if sent:
            await asyncio.sleep(3600)
        sent.append(True)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def read() -> bytes:
        request = Request({"type": "http", "method": "POST", "headers": []}, cast(Any, receive))
        return b"".join([chunk async for chunk in body_chunks(request, MIB, 600, MIB)])

    sent: list[bool] = []
    with pytest.raises(RequestRefused, match="bytes a second"):
        asyncio.run(asyncio.wait_for(read(), 20))


@contextmanager
def stalling(size: int) -> Iterator[SimpleNamespace]:
    """A web server that answers with so many bytes of a photo, and not with its last."""
    content = (photos.jpeg() + bytes(size))[:size]
    found = SimpleNamespace(asked=0, address="")
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        found.address = f"http://127.0.0.1:{listener.getsockname()[1]}/photo.jpg"

        def serve() -> None:
            while True:
                try:
                    connection = stack.enter_context(listener.accept()[0])
                except OSError:
                    return
                found.asked += 1
                with suppress(ConnectionError):
                    connection.recv(65536)
                    told = f"HTTP/1.1 200 OK\r\nContent-Length: {size + 1}\r\n\r\n".encode()
                    connection.sendall(told + content)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_fetched_photos_count_as_they_arrive(launch: Callable[..., RunningServer]) -> None:
    server = launch(
        upload_memory_mb=8,
        max_photo_bytes=MIB,
        image_urls="true",
        reachable_networks="127.0.0.1/32",
    )
    secret = keys(server, "create", "fetching")["secret"]
    answers: list[httpx.Response] = []

    def ask(url: str) -> None:
        answers.append(
            httpx.post(
                f"{server.address}/v1/animations",
                headers=bearer(server, secret),
                json={"image_url": url},
                timeout=60,
            )
        )

    with stalling(MIB - 1) as source:
        threads = [threading.Thread(target=ask, args=(source.address,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        # Three are held; four of nearly 1 MiB and their overheads are more than 4.
        until(lambda: len(answers) >= 3)
        assert source.asked >= 4
        for answer in answers[:3]:
            problem(answer, 429, "too_many_uploads")
        finished(post(server, wait=30))
    for thread in threads:
        thread.join()


def test_only_a_key_with_the_right_may_hurry(server: RunningServer) -> None:
    secret = keys(server, "create", "patient")["secret"]
    problem(post(server, secret=secret, priority="high"), 403, "not_allowed_here", "priority")
    assert post(server, secret=secret, priority="normal").status_code == 202
    shown = keys(server, "limit", "patient", "--high-priority")
    assert shown["high_priority"] is True
    assert post(server, secret=secret, priority="high").status_code == 202
    # Who ran the service first need ask nobody.
    assert post(server, priority="high").status_code == 202


def test_a_key_has_limits_by_default(launch: Callable[..., RunningServer]) -> None:
    from windstill.settings import Settings

    usual = Settings()
    server = launch(rate_limit=usual.rate_limit, job_limit=usual.job_limit)
    long = {"seconds": "12", "fps": "60"}
    codes = []
    for _ in range(12):
        answer = post(server, photos.jpeg(800, 600), **long)
        codes.append(answer.json().get("code"))
        if answer.status_code == 429:
            break
    assert codes[-1] in ("too_many_running", "rate_limited")
    assert len(codes) > 3


def test_an_idempotency_key_covers_priority_and_webhook(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(webhooks="true")
    photo = photos.jpeg()
    once = {"Idempotency-Key": "once"}
    assert post(server, photo, headers=once).status_code == 202
    assert post(server, photo, headers=once).status_code in (201, 202)
    for other in ({"priority": "high"}, {"webhook": "https://example.org/hook"}):
        answer = post(server, photo, headers=once, **other)
        told = problem(answer, 422, "idempotency_conflict", "idempotency_key")
        assert "priority" in told["detail"]
        assert "webhook" in told["detail"]


def test_an_operator_erases_a_result_by_its_link(server: RunningServer) -> None:
    link, other = (finished(post(server, wait=30))["result"]["url"] for _ in range(2))
    call = ["erase", link, "--data", str(server.data)]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert [httpx.get(each).status_code for each in (link, other)] == [404, 200]
    assert CliRunner().invoke(main, call).exit_code != 0
    assert CliRunner().invoke(main, ["erase", "../windstill.db", *call[2:]]).exit_code != 0
    assert (server.data / "windstill.db").exists()


def test_deleting_a_finished_animation_takes_its_links_away(server: RunningServer) -> None:
    made = finished(post(server, wait=30, poster="jpg"))
    links = [made["result"]["url"], made["result"]["poster"]]
    other = finished(post(server, wait=30))["result"]["url"]
    assert [httpx.get(link).status_code for link in links] == [200, 200]
    path = f"{server.address}/v1/animations/{made['id']}"
    told = httpx.delete(path, headers=bearer(server)).json()
    assert (told["state"], told["result"]) == ("expired", None)
    assert [httpx.get(link).status_code for link in links] == [404, 404]
    assert httpx.delete(path, headers=bearer(server)).json() == told
    assert httpx.get(other).status_code == 200
