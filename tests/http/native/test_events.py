"""Progress as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.http import photos
from tests.http.native.asking import OBJECT, bearer, finished, post, problem
from tests.http.running import RunningServer, until
from windstill.http.native.objects import SHARES


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream, as (name, data)."""
    name = ""
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_progress_is_told_until_it_is_done(server: RunningServer) -> None:
    made = post(server, photos.jpeg(640, 420), seconds="4").json()
    path = f"/v1/animations/{made['id']}/events"
    with server.client(headers=bearer(server)) as client, client.stream("GET", path) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen = list(events(stream))
    names = [name for name, _ in seen]
    assert names[-1] == "done"
    assert set(names[:-1]) == {"progress"}
    fractions = [data["fraction"] for _, data in seen]
    assert fractions == sorted(fractions)
    stages = [data["stage"] for name, data in seen if name == "progress" and data["stage"]]
    order = list(SHARES)
    assert stages == sorted(stages, key=order.index)
    assert "video" in stages
    body = seen[-1][1]
    assert body.keys() == OBJECT
    assert httpx.get(body["result"]["url"]).status_code == 200


def test_a_finished_animation_is_done_at_once(server: RunningServer) -> None:
    body = finished(post(server, wait=30))
    path = f"/v1/animations/{body['id']}/events"
    with server.client(headers=bearer(server)) as client, client.stream("GET", path) as stream:
        ((name, data),) = events(stream)
    assert (name, data["id"], data["state"]) == ("done", body["id"], "succeeded")


def test_a_client_that_leaves_cancels_nothing(server: RunningServer) -> None:
    made = post(server, photos.jpeg(640, 420), seconds="4").json()
    path = f"/v1/animations/{made['id']}"
    with server.client(headers=bearer(server)) as client:
        with client.stream("GET", f"{path}/events") as stream:
            next(events(stream))
        until(lambda: client.get(path).json()["finished_at"] is not None)
        assert client.get(path).json()["state"] == "succeeded"


def test_events_of_what_is_not_there_are_refused(server: RunningServer) -> None:
    path = f"{server.address}/v1/animations/{'0' * 32}/events"
    problem(httpx.get(path, headers=bearer(server)), 404, "unknown_job")
    problem(httpx.get(path), 401, "unknown_key")


def test_a_service_that_stops_lets_its_listeners_go(launch: Callable[..., RunningServer]) -> None:
    server = launch(slots=1, drain_seconds=1)
    large = photos.jpeg(1280, 840)
    post(server, large, seconds="12")
    waiting = post(server, large, seconds="12").json()
    path = f"{server.address}/v1/animations/{waiting['id']}/events"
    with ThreadPoolExecutor(1) as worker:
        answer = worker.submit(post, server, large, wait=30, seconds="12")
        with httpx.stream("GET", path, headers=bearer(server), timeout=60) as stream:
            told = events(stream)
            assert next(told)[0] == "progress"
            until(lambda: len(listed(server)) == 3)
            server.process.terminate()
            assert "done" not in [name for name, _ in told]
        assert answer.result().status_code == 202
        assert answer.result().json()["state"] == "queued"
    assert server.stop() == 0


def listed(server: RunningServer) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.address}/v1/animations", headers=bearer(server)).json()
    found: list[dict[str, Any]] = answer["animations"]
    return found
