"""A real service, and both clients of it, called in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import windstill
from tests.http.running import RunningServer, start_server


class Awaited:
    """An `AsyncClient` whose methods are run to their end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = windstill.AsyncClient(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = start_server(tmp_path_factory.mktemp("client"))
    yield running
    assert running.stop() == 0


@pytest.fixture(params=["Client", "AsyncClient"])
def kind(request: pytest.FixtureRequest) -> Any:
    return windstill.Client if request.param == "Client" else Awaited


@pytest.fixture
def client(server: RunningServer, kind: Any) -> Iterator[Any]:
    made = kind(server.address, server.key)
    yield made
    made.close()
