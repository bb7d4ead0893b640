"""Processes that wait for jobs: that jobs get them, and that they never become too many."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import until
from tests.jobs.leftovers import Holdings, processes_below
from tests.jobs.test_supervise import LIMITS, SPARES, spares_of, watch
from windstill.jobs.supervise import ForkServer, Made, Order, SparePlan, judge, wire
from windstill.jobs.supervise.spares import Spare, Spares


@contextmanager
def running(plan: SparePlan | None) -> Iterator[ForkServer]:
    before = Holdings.now()
    server = ForkServer(("tests.jobs.tasks",), spares=plan)
    server.start()
    try:
        yield server
    finally:
        server.close()
    assert Holdings.now().within(before)


def facts_of(
    server: ForkServer, folder: Path, threads: int = 1, nice: int = 0, **payload: Any
) -> dict[str, Any]:
    """What a job that a server runs finds out about its process."""
    folder.mkdir(exist_ok=True)
    (folder / "photo").write_bytes(b"photo")
    order = Order(
        task="tests.jobs.tasks:behave",
        folder=str(folder),
        payload=payload,
        threads=threads,
        limits=LIMITS,
        nice=nice,
    )
    made = judge(watch(server.spawn(order)), folder, 30)
    assert isinstance(made, Made), made
    return dict(made.facts)


def spare_of(server: ForkServer) -> int:
    """The one that is ready, once it is."""
    until(lambda: len(spares_of(server)) == 1)
    (pid,) = spares_of(server)
    return pid


def below(server: ForkServer) -> set[int]:
    assert server._process is not None
    return processes_below(server._process.pid)


def test_a_job_gets_the_spare_and_the_next_job_another(tmp_path: Path) -> None:
    with running(SPARES) as server:
        pids = []
        for name in ("a", "b"):
            spare = spare_of(server)
            facts = facts_of(server, tmp_path / name, environment=["TMPDIR"])
            assert (facts["pid"], facts["warmed"]) == (spare, [1])
            assert facts["TMPDIR"] == str(tmp_path / name)
            pids.append(spare)
        assert len(set(pids)) == 2


def test_a_spare_holds_no_more_than_any_jobs_process(tmp_path: Path) -> None:
    """Above all not the sockets of the server and of other jobs."""
    found = []
    for plan in (None, SPARES):
        with running(plan) as server:
            if plan is not None:
                spare_of(server)
            found.append(facts_of(server, tmp_path / "a")["seen"])
    assert found[0] == found[1]


def test_a_job_does_not_wait_for_a_spare_that_is_not_ready(tmp_path: Path) -> None:
    with running(replace(SPARES, warm_up="time:sleep", cpus=60)) as server:
        until(lambda: len(below(server)) == 1)
        assert facts_of(server, tmp_path)["warmed"] == []


def test_a_spare_that_died_is_nobodys_loss(tmp_path: Path) -> None:
    with running(SPARES) as server:
        spare = spare_of(server)
        os.kill(spare, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{spare}").exists())
        facts_of(server, tmp_path)
        spare_of(server)


def test_a_warm_up_that_fails_costs_the_job_nothing(tmp_path: Path) -> None:
    with running(replace(SPARES, warm_up="tests.jobs.tasks:warm_in_vain")) as server:
        spare = spare_of(server)
        assert facts_of(server, tmp_path)["pid"] == spare


def test_a_warm_up_that_kills_costs_the_job_nothing(tmp_path: Path) -> None:
    with running(replace(SPARES, warm_up="tests.jobs.tasks:warm_to_death")) as server:
        facts_of(server, tmp_path / "a")
        until(lambda: not below(server))
        assert facts_of(server, tmp_path / "b")["warmed"] == []


def test_a_warm_up_that_kills_is_not_tried_again_at_once() -> None:
    forked = []

    def dies(threads: int) -> Spare:
        orders, far = wire.pair()
        far.close()
        forked.append(threads)
        # A process id that no process can have: there is nothing to kill.
        return Spare(1 << 30, orders, threads)

    spares = Spares(select.poll(), dies)
    spares.begin(replace(SPARES, cpus=3))
    for _ in range(5):
        spares.tend(running=0)
        spares.hear({fd for fd, _ in spares.poll.poll(0)})
    assert forked == [3]
    assert spares.pids() == set()


def test_spares_are_kept_for_jobs_that_do_not_give_way(tmp_path: Path) -> None:
    with running(replace(SPARES, most=2, slots=2)) as server:
        until(lambda: len(spares_of(server)) == 2)
        assert facts_of(server, tmp_path / "free", nice=5)["warmed"] == [1]
        until(lambda: len(spares_of(server)) == 2)
        assert facts_of(server, tmp_path / "paid")["warmed"] == [1]
        until(lambda: len(spares_of(server)) == 2)
        spares = spares_of(server)
        assert facts_of(server, tmp_path / "free too", nice=5)["warmed"] == []
        assert spares_of(server) == spares


def test_spares_go_when_there_is_nothing_to_do_and_come_back(tmp_path: Path) -> None:
    with running(replace(SPARES, idle=0.5)) as server:
        until(lambda: facts_of(server, tmp_path)["warmed"] == [1])
        until(lambda: not below(server))
        until(lambda: facts_of(server, tmp_path)["warmed"] == [1])


def test_there_are_never_more_than_the_plan_says(tmp_path: Path) -> None:
    with running(replace(SPARES, most=3, slots=2)) as server:
        until(lambda: len(spares_of(server)) == 2)
        facts_of(server, tmp_path)
        until(lambda: len(spares_of(server)) == 2)
        assert len(below(server)) == 2


def test_after_a_lull_a_spare_has_the_share_of_a_job_that_is_alone(tmp_path: Path) -> None:
    with running(replace(SPARES, cpus=4)) as server:
        spare_of(server)
        assert facts_of(server, tmp_path / "a", threads=2)["warmed"] == [4]
        spare_of(server)
        assert facts_of(server, tmp_path / "b", threads=2)["warmed"] == [2]
        first = spare_of(server)
        until(lambda: bool(spares_of(server) - {first}))
        assert facts_of(server, tmp_path / "c", threads=4)["warmed"] == [4]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_spares_end_with_the_server(tmp_path: Path, how: signal.Signals) -> None:
    with running(SPARES) as server:
        spare = spare_of(server)
        os.kill(spare, signal.SIGTERM)  # meant for the service: it stays
        assert server._process is not None
        server._process.send_signal(how)
        if how is signal.SIGKILL:
            until(lambda: not Path(f"/proc/{spare}").exists())
            facts_of(server, tmp_path)
        else:
            assert spare_of(server) == spare
