"""A clock that is set while the service runs: nothing that waits notices."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.http import photos
from tests.http.native.asking import bearer, post
from tests.http.native.receiving import Receiver, receiver
from tests.http.running import RunningServer, until

LONG = {"seconds": "8", "fps": "24"}


def states(server: RunningServer, jobs: list[str]) -> set[str]:
    return {
        httpx.get(f"{server.address}/v1/animations/{job}", headers=bearer(server)).json()["state"]
        for job in jobs
    }


@pytest.mark.parametrize("seconds", [3600.0, -3600.0], ids=["forward", "back"])
def test_jobs_that_wait_and_run_are_done(
    launch: Callable[..., RunningServer], seconds: float
) -> None:
    with receiver() as inside:
        inside.answers["/"] = [(204, {}, b"")]
        server = launch(slots=1, webhooks="true", reachable_networks="127.0.0.1/32")
        hook = {"webhook": f"{inside.address}/"}
        made = [post(server, photos.jpeg(640, 420), **LONG, **hook).json()["id"] for _ in range(3)]
        server.move_clock(seconds)
        until(lambda: states(server, made) == {"succeeded"})
        until(lambda: heard(inside) == set(made))
        assert not server.records("unexpected error")


def heard(inside: Receiver) -> set[str]:
    return {
        httpx.Response(200, content=body).json()["animation"]["id"] for _, _, body in inside.heard
    }


@pytest.mark.parametrize("seconds", [3600.0, -3600.0], ids=["forward", "back"])
def test_jobs_that_wait_outlive_a_stop_in_which_the_clock_is_set(
    launch: Callable[..., RunningServer], seconds: float
) -> None:
    server = launch(slots=1, drain_seconds=0)
    made = [post(server, photos.jpeg(640, 420), **LONG).json()["id"] for _ in range(3)]
    assert server.stop() == 0
    again = launch(slots=1, data=server.data, ahead=seconds)
    again.key = server.key
    until(lambda: states(again, made) == {"succeeded"})
