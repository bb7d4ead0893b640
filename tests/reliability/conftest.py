"""A service that the tests of this area share; a test that breaks one starts its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.conftest import launch
from tests.http.running import RunningServer, start_server

__all__ = ["launch", "sturdy"]


@pytest.fixture(scope="session")
def sturdy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A service with short loops, whose temporary files lie in a folder of their own."""
    folder = tmp_path_factory.mktemp("sturdy")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "tmp").mkdir()
        patch.setenv("TMPDIR", str(folder / "tmp"))
        running = start_server(folder, queue_length=64, image_urls="true", webhooks="true")
    yield running
    assert running.stop() == 0
