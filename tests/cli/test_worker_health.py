from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers.ports import free_port
from windstill.adapters.embedded import open_engine
from windstill.cli.worker_health import listening
from windstill.errors import InvalidSetting
from windstill.jobs.engine import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path / "data", slots=1, preload=()) as started:
        yield started


def test_it_tells_that_it_is_ready_and_when_it_is_not(engine: Engine) -> None:
    with listening(engine, "127.0.0.1", free_port()) as address:
        assert httpx.get(f"{address}/readyz").json() == {"status": "ready", "problems": []}
        assert "windstill_job_slots 1.0" in httpx.get(f"{address}/metrics").text
        engine.drain(0)
        late = httpx.get(f"{address}/readyz")
        assert late.status_code == 503
        assert "the engine is draining" in late.json()["problems"]
        assert httpx.get(f"{address}/livez").status_code == 200
        assert httpx.get(f"{address}/elsewhere").status_code == 404


def test_port_zero_is_none(engine: Engine) -> None:
    with listening(engine, "127.0.0.1", 0) as address:
        assert address is None


def test_a_port_that_is_taken_is_told_by_its_setting(engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with (
            pytest.raises(InvalidSetting) as refused,
            listening(engine, "127.0.0.1", taken),
        ):
            pass
    assert refused.value.field == "worker_port"
    assert str(taken) in refused.value.message
