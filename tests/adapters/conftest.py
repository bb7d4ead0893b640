"""Every implementation of each port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.memory import MemoryStore
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.ports import BlobStore, JobQueue, JobStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JobStore]:
    opened: JobStore
    opened = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "jobs.db")
    yield opened
    opened.close()


@pytest.fixture(params=["process"])
def make_queue() -> Callable[[int], JobQueue]:
    return ProcessQueue


@pytest.fixture(params=["local"])
def blobs(tmp_path: Path) -> BlobStore:
    return LocalBlobs(tmp_path / "blobs", SignedLinks(b"s" * 32))
