"""What a job's process that was taken over can reach: its own folder, and nothing else."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.conftest import Service
from windstill.jobs.supervise import sandbox

FILES = pytest.mark.skipif(not sandbox.landlock_version(), reason="this kernel has no Landlock")
REFUSED = ("EACCES", "EPERM")


@pytest.fixture
def found(start: Callable[..., Service], data: Path) -> Iterator[dict[str, Any]]:
    """What came of each try, by its name."""
    service = start(reachable=(), hidden=data)
    (data / "link-secret").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        job = service.run(
            do="peek",
            port=listener.getsockname()[1],
            secret=str(data / "link-secret"),
            folder=str(data / "work"),
            pid=os.getpid(),
        )
        assert job.result is not None, job.failure
        yield dict(job.result.facts)
    assert not (data / "link-secret.new").exists()


def test_a_job_has_neither_network_nor_other_programs(found: dict[str, Any]) -> None:
    for name in ("network", "local socket", "program"):
        assert found[name] in REFUSED, name


@FILES
def test_a_job_sees_no_secret_no_other_job_and_no_environment(found: dict[str, Any]) -> None:
    for name in ("secret", "other jobs", "planting", "environment"):
        assert found[name] in REFUSED, name


def test_a_job_can_do_what_it_must(found: dict[str, Any]) -> None:
    for name in ("own file", "library", "thread"):
        assert found[name] == "done", name


def test_jobs_run_though_the_data_folder_lies_within_the_installation(
    start: Callable[..., Service], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(data.parent))
    service = start(reachable=(), hidden=data)
    for _ in range(3):
        assert service.run().result is not None


def test_what_is_readable_goes_around_the_data_folder(tmp_path: Path) -> None:
    for name in ("installation/lib", "installation/data/work", "installation/bin", "other"):
        (tmp_path / name).mkdir(parents=True)
    hidden = tmp_path / "installation" / "data"
    found = set(sandbox._around(tmp_path, hidden))
    assert found == {
        tmp_path / "installation" / "lib",
        tmp_path / "installation" / "bin",
        tmp_path / "other",
    }
    assert set(sandbox._around(tmp_path / "other", hidden)) == {tmp_path / "other"}
    assert set(sandbox._around(hidden / "work", hidden / "work")) == set()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_ends_at_an_answer(machine: str) -> None:
    program = sandbox._filter(machine)
    lines = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    ends = {index for index, line in enumerate(lines) if line[0] == 0x06}
    jumps = [(index, line) for index, line in enumerate(lines) if line[0] in (0x15, 0x35)]
    for index, (_, yes, no, _) in jumps[1:]:
        assert index + 1 + yes in ends
        assert index + 1 + no == index + 1
    assert len({line[3] for _, line in jumps}) == len(jumps)
