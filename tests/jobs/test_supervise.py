from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import until
from tests.jobs.leftovers import Holdings, name_of, processes_below, processes_in
from windstill.jobs.model import Failure
from windstill.jobs.supervise import (
    Ended,
    ForkServer,
    JobProcess,
    Made,
    Order,
    SparePlan,
    judge,
    linux,
    worker,
)

MIB = 1 << 20
LIMITS = {"memory": 256 * MIB, "file_size": 16 * MIB, "open_files": 64, "cpu_seconds": 20}


SPARES = SparePlan(warm_up="tests.jobs.tasks:warm", most=1, slots=1, cpus=1)


@pytest.fixture(scope="module", params=[None, SPARES], ids=["cold", "spare"])
def server(request: pytest.FixtureRequest) -> Iterator[ForkServer]:
    """Whatever is promised holds for jobs with a process of their own and for those of spares."""
    before = Holdings.now()
    server = ForkServer(("tests.jobs.tasks",), spares=request.param)
    server.start()
    assert server.problems == []
    yield server
    server.close()
    assert Holdings.now().within(before)


@pytest.fixture
def spawn(server: ForkServer, tmp_path: Path) -> Callable[..., JobProcess]:
    (tmp_path / "photo").write_bytes(b"photo")

    def begin(limits: dict[str, int] | None = None, threads: int = 1, **payload: Any) -> JobProcess:
        if server.spares is not None and server.alive:
            until(lambda: spares_of(server))
        order = Order(
            task="tests.jobs.tasks:behave",
            folder=str(tmp_path),
            payload=payload,
            threads=threads,
            limits={**LIMITS, **(limits or {})},
        )
        return server.spawn(order)

    return begin


def spares_of(server: ForkServer) -> set[int]:
    """Those that are ready."""
    assert server._process is not None
    return {pid for pid in processes_below(server._process.pid) if name_of(pid) == worker.SPARE}


def watch(process: JobProcess, seconds: float = 30, grace: float = 0.1) -> Ended:
    return process.watch(seconds, grace, lambda stage, fraction: None)


def test_a_job_reports_its_progress_and_leaves_its_result(
    spawn: Callable[..., JobProcess], tmp_path: Path
) -> None:
    seen: list[tuple[str, float]] = []
    process = spawn(threads=2)
    ended = process.watch(30, 0.1, lambda stage, fraction: seen.append((stage, fraction)))
    made = judge(ended, tmp_path, 30)
    assert isinstance(made, Made)
    assert made.main.path.read_bytes() == b"video of photo"
    assert (made.main.mime, made.facts["threads"]) == ("video/mp4", 2)
    assert "path" not in made.facts
    assert seen[0] == ("photo", 0.0)
    assert {stage for stage, _ in seen} == {"photo", "video"}


FAILURES = [
    ({"do": "refuse"}, {}, "corrupt_photo"),
    ({"do": "bug"}, {}, "internal_error"),
    ({"do": "crash"}, {}, "job_crashed"),
    ({"do": "kill", "signal": signal.SIGKILL}, {}, "job_crashed"),
    ({"do": "kill", "signal": signal.SIGABRT}, {}, "job_crashed"),
    ({"do": "exit", "status": 0}, {}, "job_crashed"),
    ({"do": "exit", "status": 7}, {}, "job_crashed"),
    ({"do": "hoard"}, {}, "job_out_of_memory"),
    ({"do": "handles"}, {}, "internal_error"),
    ({"do": "fill"}, {}, "internal_error"),
    ({"do": "spin"}, {"cpu_seconds": 1}, "job_timeout"),
    ({"do": "babble", "long": True}, {}, "job_crashed"),
    ({"do": "babble", "long": False}, {}, "job_crashed"),
    ({"do": "lie"}, {}, "job_crashed"),
]


@pytest.mark.parametrize(
    ("payload", "limits", "code"), FAILURES, ids=[str(payload) for payload, _, _ in FAILURES]
)
def test_every_bad_end_has_its_code(
    spawn: Callable[..., JobProcess],
    tmp_path: Path,
    payload: dict[str, Any],
    limits: dict[str, int],
    code: str,
) -> None:
    verdict = judge(watch(spawn(limits=limits, **payload)), tmp_path, 30)
    assert isinstance(verdict, Failure)
    assert verdict.code == code
    assert "/" not in verdict.message  # no path of this machine
    assert processes_in(tmp_path) == set()


def test_processor_time_runs_out_before_wall_time(
    spawn: Callable[..., JobProcess], tmp_path: Path
) -> None:
    verdict = judge(watch(spawn(limits={"cpu_seconds": 1}, do="spin")), tmp_path, 30)
    assert isinstance(verdict, Failure)
    assert "processor time" in verdict.message


def test_no_file_outgrows_its_limit(spawn: Callable[..., JobProcess], tmp_path: Path) -> None:
    watch(spawn(do="fill"))
    assert (tmp_path / "big").stat().st_size == LIMITS["file_size"]


def test_a_job_ends_at_its_deadline(spawn: Callable[..., JobProcess], tmp_path: Path) -> None:
    ended = watch(spawn(do="hang"), seconds=0.3)
    assert ended.why == "deadline"
    verdict = judge(ended, tmp_path, 0.3)
    assert isinstance(verdict, Failure)
    assert verdict.code == "job_timeout"
    assert processes_in(tmp_path) == set()


def test_a_job_that_ignores_the_request_to_end_is_killed(
    spawn: Callable[..., JobProcess], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    process = spawn(do="hang", tell=str(told))

    def end() -> None:
        until(told.exists)
        process.end("cancelled")

    other = threading.Thread(target=end)
    other.start()
    ended = watch(process)
    other.join()
    assert ended.status is not None
    assert os.WTERMSIG(ended.status) == signal.SIGKILL
    assert processes_in(tmp_path) == set()


@pytest.mark.parametrize("stay", [False, True])
def test_a_whole_tree_of_processes_ends_with_its_job(
    spawn: Callable[..., JobProcess], server: ForkServer, tmp_path: Path, stay: bool
) -> None:
    ended = watch(spawn(do="breed", stay=stay), seconds=1 if stay else 60)
    assert isinstance(judge(ended, tmp_path, 1), Failure if stay else Made)
    assert processes_in(tmp_path) == set()
    assert server._process is not None
    assert {name_of(pid) for pid in processes_below(server._process.pid)} <= {
        worker.SPARE,
        "python",
    }


def test_a_job_can_be_ended_from_another_thread(spawn: Callable[..., JobProcess]) -> None:
    process = spawn(do="wait", until="/nowhere")
    other = threading.Thread(target=process.end, args=("cancelled",))
    other.start()
    ended = watch(process)
    other.join()
    assert ended.why == "cancelled"
    process.end("cancelled")  # too late is no error


def test_a_killed_server_takes_its_jobs_along_and_is_started_again(
    spawn: Callable[..., JobProcess], server: ForkServer, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    process = spawn(do="breed", stay=True, tell=str(told))
    outcome: list[Ended] = []
    watcher = threading.Thread(target=lambda: outcome.append(watch(process)))
    watcher.start()
    while not told.exists() and watcher.is_alive():
        watcher.join(0.005)
    assert server._process is not None
    server._process.kill()
    watcher.join()
    assert outcome[0].why == "lost"
    linux.end_all_in(tmp_path)
    assert processes_in(tmp_path) == set()
    told.unlink()
    starts = server.starts
    assert isinstance(judge(watch(spawn()), tmp_path, 30), Made)
    assert server.starts == starts + 1


def test_the_environments_secrets_are_no_business_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDSTILL_SECRET", "hush")
    own = ForkServer()
    own.start()
    try:
        (tmp_path / "photo").write_bytes(b"photo")
        order = Order(
            task="tests.jobs.tasks:behave",
            folder=str(tmp_path),
            payload={"environment": ["WINDSTILL_SECRET", "TMPDIR"]},
            threads=1,
            limits=LIMITS,
        )
        made = judge(watch(own.spawn(order)), tmp_path, 30)
    finally:
        own.close()
    assert isinstance(made, Made)
    assert made.facts["WINDSTILL_SECRET"] is None
    assert made.facts["TMPDIR"] == str(tmp_path)


def test_a_job_gains_no_privileges_and_leaves_no_memory_image(
    spawn: Callable[..., JobProcess], tmp_path: Path
) -> None:
    made = judge(watch(spawn(rights=True)), tmp_path, 30)
    assert isinstance(made, Made)
    assert (made.facts["no_new_privileges"], made.facts["core"]) == ("1", 0)
    assert made.facts["memory"] != resource.RLIM_INFINITY


def test_an_order_beyond_the_bound_harms_no_other_job(
    spawn: Callable[..., JobProcess], tmp_path: Path
) -> None:
    neighbour = spawn()
    with pytest.raises(ValueError, match="bytes"):
        spawn(junk="x" * 100_000)
    assert isinstance(judge(watch(neighbour), tmp_path, 30), Made)


def test_a_module_that_can_not_be_loaded_is_a_problem_that_is_told() -> None:
    own = ForkServer(("no.such.module",))
    own.start()
    own.close()
    assert len(own.problems) == 1
    assert "no.such.module" in own.problems[0]
