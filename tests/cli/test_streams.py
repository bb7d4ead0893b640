"""Standard streams that are closed or full, as cron jobs, daemons and full disks leave them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import QUICK
from tests.http.running import until
from tests.servers.ports import free_port
from windstill.cli.commands import COMMANDS

DONE, NO_PHOTO, NO_OUTPUT = 0, 3, 4
STREAMS = {
    "no output": ">&-",
    "no errors": "2>&-",
    "nothing": "<&- >&- 2>&-",
    "full output": ">/dev/full",
    "full errors": "2>/dev/full",
    "all full": ">/dev/full 2>/dev/full",
}
FULL = {"full output", "all full"}
CLOSED = {"no output", "nothing"}
HEAVY = {"animate", "mattes", "doctor", "serve", "preview"}
TELLING = {"nothing", "full output"}
BENCH = ["bench", "speed", "--size", "1280x720", "--operation", "1", "--runs", "1"]

# What to run; the file that it leaves; whether it writes to standard output at all.
ONCE: dict[str, tuple[list[str], str | None]] = {
    "version": (["--version"], None),
    "help": (["--help"], None),
    "animate": (["animate", "china.jpg", *QUICK], "china-loop.mp4"),
    "mattes": (["mattes", "china.jpg", "-o", "out"], "out/overlay.png"),
    "compare": (["compare", "a.webm", "b.webm", "-o", "out.html"], "out.html"),
    "keys": (["keys", "list", "--data", "data"], None),
    "erase": (["erase", "results/5f3c.mp4", "--data", "data"], None),
    "config": (["config", "show"], None),
    "doctor": (["doctor"], None),
    "completion": (["completion", "bash"], None),
    "bench": (BENCH, None),
}
SERVING = ("serve", "preview")
ELSEWHERE = {"worker", "mcp"}
"""The one needs a database; it prints nothing, and its log is the service's. The other speaks a
protocol over the standard streams and needs both of them."""


def run(folder: Path, args: list[str], streams: str, errors: str = "") -> tuple[int, str]:
    """Exit status, and standard error where that is free."""
    command = " ".join([sys.executable, "-m", "windstill.cli", *args, STREAMS[streams]])
    result = subprocess.run(
        ["sh", "-c", command], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL, text=True, timeout=200, check=False,
    )  # fmt: skip
    return result.returncode, result.stderr


def test_the_table_knows_every_command() -> None:
    assert set(COMMANDS) == (set(ONCE) - {"version", "help"}) | set(SERVING) | ELSEWHERE


@pytest.fixture
def folder(photo: Path, tmp_path: Path) -> Path:
    for name in ("a.webm", "b.webm"):
        (tmp_path / name).write_bytes(b"film")
    from windstill.cli import main

    main(["keys", "create", "anna", "--data", str(tmp_path / "data")], standalone_mode=False)
    results = tmp_path / "data" / "blobs" / "results"
    results.mkdir(parents=True)
    (results / "5f3c.mp4").write_bytes(b"film")
    return tmp_path


def both(names: Iterable[str]) -> list[object]:
    """Every command with every kind of streams; the quick run has only some of what takes long."""
    return [
        pytest.param(name, streams, marks=pytest.mark.slow if slow else ())
        for name in names
        for streams in STREAMS
        for slow in [name == "bench" or (name in HEAVY and streams not in TELLING)]
    ]


@pytest.mark.parametrize(("name", "streams"), both(ONCE))
def test_every_command(folder: Path, name: str, streams: str) -> None:
    args, result = ONCE[name]
    status, errors = run(folder, args, streams)
    assert "Traceback" not in errors
    assert status == (NO_OUTPUT if streams in FULL else DONE), errors
    if streams == "full output":
        assert "Standard output can't be written: No space left on device." in errors
    if result is not None:
        assert (folder / result).stat().st_size > 100
    assert (folder / "china.jpg").is_file()


@pytest.mark.parametrize("streams", STREAMS)
def test_a_result_that_was_to_go_to_standard_output(folder: Path, streams: str) -> None:
    status, errors = run(folder, ["animate", "china.jpg", "-o", "-", *QUICK], streams)
    assert "Traceback" not in errors
    assert status == (NO_OUTPUT if streams in FULL | CLOSED else DONE)


def test_a_photo_that_was_to_come_from_standard_input(folder: Path) -> None:
    status, errors = run(folder, ["animate", "-", *QUICK, "<&-"], "full output")
    assert "Traceback" not in errors
    assert "The photo is empty" in errors
    assert status >= NO_PHOTO


def test_other_photos_go_on_when_the_output_is_full(folder: Path) -> None:
    (folder / "in").mkdir()
    for name in "ab":
        os.link(folder / "china.jpg", folder / "in" / f"{name}.jpg")
    status, _ = run(folder, ["animate", "in", "-o", "loops", *QUICK], "full output")
    assert status == NO_OUTPUT
    assert sorted(path.name for path in (folder / "loops").iterdir()) == [
        "a-loop.mp4",
        "b-loop.mp4",
    ]


@pytest.mark.parametrize("streams", STREAMS)
def test_a_secret_that_nobody_can_see(folder: Path, streams: str) -> None:
    status, errors = run(folder, ["keys", "create", "bea", "--data", "data"], streams)
    assert "Traceback" not in errors
    assert status == (NO_OUTPUT if streams in FULL | CLOSED else DONE)
    if streams == "full output":
        assert "windstill keys rotate bea" in errors


@pytest.mark.parametrize(("command", "streams"), both(SERVING))
def test_services_run_and_end(folder: Path, command: str, streams: str) -> None:
    port = free_port()
    args = ["serve", "--data", "service", "--port", str(port)]
    if command == "preview":
        args = ["preview", "china.jpg", "--no-browser"]
    shell = f"exec {sys.executable} -m windstill.cli {' '.join(args)} {STREAMS[streams]}"
    process = subprocess.Popen(
        ["sh", "-c", shell], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        if command == "serve":
            until(lambda: _answers(port) or process.poll() is not None)
        else:
            until(lambda: _listens(process.pid) or process.poll() is not None)
    finally:
        # A preview whose address nobody can see ends by itself.
        if command == "serve" or streams not in FULL:
            process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    ends = NO_OUTPUT if command == "preview" and streams in FULL else DONE
    assert process.returncode == ends, errors
    assert "Traceback" not in errors
    if command == "serve" and streams == "full output":
        assert "Nobody has seen the first key" in errors


def _answers(port: int) -> bool:
    import httpx

    try:
        return httpx.get(f"http://127.0.0.1:{port}/").is_success
    except httpx.TransportError:
        return False


def _listens(pid: int) -> bool:
    """Whether a process has a socket that listens, by what Linux lists."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(FileNotFoundError):  # closed in between
            sockets.add(os.readlink(entry))
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(f"socket:[{line[9]}]" in sockets for line in lines if line[3] == "0A")
