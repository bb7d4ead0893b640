"""A cluster of plain processes: two services and two workers on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.watch import Watch
from tests.servers.cluster import Cluster, cluster, missing


@contextmanager
def whole_cluster(folders: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two services and two workers with all servers; skips the test where these are missing."""
    absent = missing()
    if absent is not None:
        pytest.skip(f"{absent} is not installed")
    folder = folders.mktemp("cluster")
    folder.chmod(0o755)
    with cluster(folder) as started:
        started.add(services=2, workers=2)
        yield started


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster; a test that ends a member starts another."""
    with whole_cluster(tmp_path_factory) as started:
        yield started


@pytest.fixture
def watch(running: Cluster) -> Iterator[Watch]:
    """What became of the jobs that the test asks for."""
    with Watch(running) as opened:
        yield opened
