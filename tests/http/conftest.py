"""Servers that all tests of this area share; a test that changes a server starts its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.running import RunningServer, start_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the default settings, but short loops."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with many settings other than the defaults."""
    running = start_server(
        tmp_path_factory.mktemp("changed"),
        status_profile="2025",
        format="avi",
        nothing_to_move="refuse",
        trusted_proxies="127.0.0.1",
        cors_origins="https://app.example.org, https://other.example.org",
        log_format="text",
        log_level="debug",
    )
    yield running
    assert running.stop() == 0


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts further servers with settings of their own; they are stopped after the test."""
    started: list[RunningServer] = []

    def start(**settings: object) -> RunningServer:
        folder = tmp_path / f"server{len(started)}"
        folder.mkdir()
        started.append(start_server(folder, **settings))
        return started[-1]

    yield start
    for running in started:
        running.stop()
