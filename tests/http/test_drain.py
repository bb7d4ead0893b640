"""Stopping: what runs is finished, what comes is refused, and the process ends by itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import httpx

from tests.http import photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import RunningServer, until

LONG = {"seconds": 12, "fps": 60}


def test_running_requests_finish_and_new_ones_are_refused(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(drain_delay=120, seconds=12)
    answers: list[httpx.Response] = []
    request = threading.Thread(target=lambda: answers.append(server.animate(photos.jpeg(800, 600))))
    with server.client() as client:
        request.start()
        until(lambda: "windstill_jobs_running 1.0" in client.get("/metrics").text)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/readyz").json()["problems"] == ["draining"]
        assert client.get("/livez").status_code == 200
        response = server.animate(photos.jpeg())
        refused(response, 503, "AI_SERVICE_FLOW_RESTRICTION")
        assert int(response.headers["retry-after"]) >= 1
        request.join()
        url = succeeded(answers[0])["data"]["url"]
        assert httpx.get(url).status_code == 200
    assert server.stop() == 0


def test_what_is_not_finished_in_time_is_answered_too(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch(drain_seconds=0, **LONG)
    answers: list[httpx.Response] = []
    request = threading.Thread(
        target=lambda: answers.append(server.animate(photos.jpeg(1900, 1900)))
    )
    request.start()
    until(lambda: "windstill_jobs_running 1.0" in httpx.get(f"{server.address}/metrics").text)
    assert server.stop() == 0
    request.join()
    refused(answers[0], 503, "AI_SERVICE_FLOW_RESTRICTION")


def test_an_idle_server_ends_at_once_and_starts_again_with_its_key(
    launch: Callable[..., RunningServer],
) -> None:
    server = launch()
    url = succeeded(server.animate(photos.jpeg()))["data"]["url"]
    assert server.stop() == 0
    again = launch(data=server.data)
    assert again.key == ""
    assert "keys create" in again.output
    again.key = server.key
    succeeded(again.animate(photos.jpeg()))
    path = url.removeprefix(server.address)
    assert httpx.get(again.address + path).status_code == 200
