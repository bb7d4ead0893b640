from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.conftest import Clock, Service, stored, until
from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.jobs.model import Job, State
from windstill.jobs.removal import Removal


def test_a_result_that_can_not_be_removed_holds_up_no_other(
    start: Callable[..., Service], data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    service = start(clock=clock, result_ttl=50.0)

    def made() -> tuple[Job, Path]:
        clock.now += 1
        job = service.run()
        assert job.result is not None
        return job, data / "blobs" / job.result.blob

    (stubborn, stays), (other, goes) = made(), made()
    stays.unlink()
    stays.mkdir()
    with caplog.at_level(logging.ERROR):
        clock.now += 60
        until(lambda: not goes.exists())
    assert f"{stays.name} can't be removed yet" in caplog.text
    assert {stored(service, job).state for job in (stubborn, other)} == {State.EXPIRED}
    stays.rmdir()
    stays.write_bytes(b"video")
    clock.now += 10
    until(lambda: not stays.exists())


def test_files_without_a_job_are_removed_beside_one_that_can_not_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blobs = LocalBlobs(tmp_path, SignedLinks(b"s" * 32))
    (tmp_path / "results" / ("0" * 16 + ".mp4")).mkdir()
    last = f"results/{'1' * 16}.mp4"
    blobs.put(last, b"video")
    with caplog.at_level(logging.ERROR):
        assert blobs.sweep(set(), float("inf")) == [last]
    assert "can't be removed" in caplog.text


class Counting(LocalBlobs):
    """Counts how often it is asked."""

    asked = 0

    def delete(self, name: str) -> None:
        self.asked += 1
        super().delete(name)


def test_files_that_take_long_to_fail_are_left_for_a_while(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = Counting(tmp_path, SignedLinks(b"s" * 32))
    names = [f"results/{number:016}.mp4" for number in range(3)]
    for name in names:
        (tmp_path / name).mkdir()
    removal = Removal(blobs, clock)
    monkeypatch.setattr("windstill.jobs.removal._SLOW", -1.0)
    removal.add(names)
    removal.work()
    removal.work()
    assert blobs.asked == 1
    for name in names:
        (tmp_path / name).rmdir()
        blobs.put(name, b"video")
    clock.now += 10
    removal.work()
    assert list(blobs.names()) == []
