from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Service, blocked
from tests.jobs.leftovers import Holdings, files_below, only_left, processes_in
from windstill.jobs.errors import (
    DataFolderBusy,
    Draining,
)
from windstill.jobs.model import State

Start = Callable[..., Service]


def test_draining_finishes_what_runs_and_keeps_what_waits(
    start: Start, tmp_path: Path, data: Path
) -> None:
    service = start(slots=1)
    go = tmp_path / "go"
    running = blocked(service, go)
    waiting, attached = service.submit(), service.submit(attached=True)
    drained: list[bool] = []
    drain = threading.Thread(target=lambda: drained.append(service.engine.drain(30)))
    drain.start()
    assert service.engine.wait(attached.id, 30).failure is not None
    with pytest.raises(Draining):
        service.submit()
    assert service.engine.healthy() == ["the engine is draining"]
    go.touch()
    drain.join()
    assert drained == [True]
    assert service.engine.job(running.id).state is State.SUCCEEDED
    assert service.engine.job(waiting.id).state is State.QUEUED
    service.engine.close()
    again = start()
    assert again.engine.wait(waiting.id, 30).state is State.SUCCEEDED
    assert again.engine.keys.balance(again.key.id).spent == 30


def test_stopping_ends_what_runs_and_the_next_start_takes_it_up(
    start: Start, tmp_path: Path, data: Path
) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    attached = blocked(service, go, attached=True)
    service.engine.close()
    assert processes_in(data) == set()
    again = start()
    go.touch()
    ended = again.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)
    failed = again.engine.job(attached.id)
    assert failed.failure is not None
    assert failed.failure.code == "job_interrupted"
    assert again.engine.keys.balance(again.key.id).spent == 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_meant_for_the_service_ends_no_job(
    start: Start, tmp_path: Path, data: Path, number: int
) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go)
    for pid in processes_in(data):
        os.kill(pid, number)
    go.touch()
    assert service.engine.wait(job.id, 30).state is State.SUCCEEDED
    assert service.engine.stats().restarts == 0


def test_one_service_works_in_a_folder(start: Start) -> None:
    service = start()
    with pytest.raises(DataFolderBusy):
        type(service.engine._workspace)(service.engine.config.work_dir).lock(timeout=0)


def test_a_server_that_dies_costs_its_jobs_only_a_delay(start: Start, tmp_path: Path) -> None:
    service = start()
    go = tmp_path / "go"
    job = blocked(service, go, attached=True)
    server: Any = service.engine._runner.server
    server._process.kill()
    go.touch()
    ended = service.engine.wait(job.id, 30)
    assert (ended.state, ended.attempts) == (State.SUCCEEDED, 2)
    assert service.engine.stats().restarts == 1


def test_a_job_that_is_lost_every_time_is_given_up(start: Start, tmp_path: Path) -> None:
    service = start(attempts=2)
    told = tmp_path / "told"
    job = service.submit(do="hang", tell=str(told))
    turn = threading.Event()
    for _ in range(2):
        while not told.exists():
            turn.wait(0.005)
        told.unlink()
        server: Any = service.engine._runner.server
        server._process.kill()
    ended = service.engine.wait(job.id, 30)
    assert ended.failure is not None
    assert (ended.failure.code, ended.attempts) == ("job_interrupted", 2)


def test_fifty_jobs_leave_nothing_behind(start: Start, data: Path) -> None:
    service = start(queue_size=100)
    service.run()
    before = Holdings.now()
    ends = ("work", "work", "refuse", "bug", "crash")
    jobs = [service.submit(do=ends[index % 5]) for index in range(50)]
    ended = [service.engine.wait(job.id, 60) for job in jobs]
    after = Holdings.now()
    assert after.threads == before.threads
    assert after.children == before.children
    assert len(after.handles) <= len(before.handles) + 2  # the store may keep more connections
    results = {job.result.blob for job in ended if job.result is not None}
    assert len(results) == 20
    assert len(files_below(data / "blobs" / "results")) == 21
    only_left(data / "blobs" / "uploads", set())
    only_left(data / "work", {"lock"})
    assert service.engine.keys.balance(service.key.id).spent == 21 * 15


def test_a_closed_engine_leaves_no_thread_no_handle_and_no_process(
    start: Start, data: Path
) -> None:
    before = Holdings.now()
    service = start()
    service.run()
    service.engine.close()
    assert Holdings.now().within(before)
    assert processes_in(data) == set()
