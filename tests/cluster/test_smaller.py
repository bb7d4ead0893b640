"""A cluster with PostgreSQL alone: no broker, and a folder that all members share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.watch import LONG, Watch, photo
from tests.servers.cluster import cluster
from tests.servers.postgres import programs
from windstill.jobs.model import State


@pytest.mark.slow
def test_a_database_is_enough(tmp_path_factory: pytest.TempPathFactory) -> None:
    if programs() is None:
        pytest.skip("postgresql is not installed")
    folder: Path = tmp_path_factory.mktemp("smaller")
    folder.chmod(0o755)
    with cluster(folder, broker=False, store=False) as running:
        running.add(services=2, workers=2)
        with Watch(running) as watch:
            one, other = running.services
            url = watch.call(one, photo(320)).json()["data"]["url"]
            assert url.startswith(one.address)
            assert watch.fetch(url.replace(one.address, other.address))[4:8] == b"ftyp"
            job_id = watch.submit(one, photo(), **LONG)
            watch.runner_of(watch.begun(job_id)).kill()
            (job,) = watch.ended([job_id])
            assert (job.state, job.attempts) == (State.SUCCEEDED, 2)
            watch.check_credits()
            for member in running.services:
                member.stop()
    assert list((folder / "data" / "blobs" / "uploads").iterdir()) == []
