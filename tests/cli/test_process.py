"""The real command in a process of its own: pipes, signals, exit statuses, start-up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import click
import pytest
from click.testing import CliRunner

from tests.cli.conftest import QUICK
from windstill.cli import main

COMMAND = [sys.executable, "-m", "windstill.cli"]


def test_pipe_through(windstill, photo, tmp_path):
    result = windstill("animate", "-", "-o", "-", *QUICK, stdin=photo.read_bytes())
    assert result.returncode == 0, result.stderr
    assert result.stdout[4:8] == b"ftyp"
    assert b"sky drifts" in result.stderr
    assert os.listdir(tmp_path) == ["china.jpg"]


def test_photo_from_a_pipe_gets_a_name(windstill, photo, tmp_path):
    result = windstill("animate", "-", *QUICK, stdin=photo.read_bytes())
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "photo-loop.mp4").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing(photo, tmp_path, number):
    process = subprocess.Popen(
        [*COMMAND, "animate", str(photo), "--seconds", "12", "--fps", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    # Once the part file is there the encoder runs.
    while not list(tmp_path.glob(".windstill-*")) and process.poll() is None:
        pass
    # Python drops what a signal raises inside a destructor; a user would press the keys again.
    while process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert os.listdir(tmp_path) == ["china.jpg"]


def test_reader_that_leaves_is_no_drama(photo, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*COMMAND, "animate", str(photo), "-o", "-", *QUICK],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    os.close(writing)
    assert result.returncode == 128 + signal.SIGPIPE
    assert b"Traceback" not in result.stderr
    assert b"error" not in result.stderr


def test_statuses_reach_the_shell(windstill, photo, tmp_path):
    assert windstill("animate", "none.jpg").returncode == 3
    assert windstill("animate", photo, "--seconds", "1").returncode == 2
    assert windstill("animate", photo, "-o", "/proc/none/a.mp4").returncode == 4
    assert windstill("nonsense").returncode == 2
    assert windstill("--version").stdout.startswith(b"windstill ")


HEAVY = {"av", "cv2", "numpy", "onnxruntime", "PIL"}


@pytest.mark.parametrize("args", [["--help"], ["animate", "--help"], ["mattes", "--help"]])
def test_help_loads_nothing_heavy(args):
    script = (
        "import sys\nfrom windstill.cli import main\n"
        f"try: main({args!r})\nexcept SystemExit: pass\n"
        "print('LOADED', *sorted(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = result.stdout.rsplit("LOADED", 1)[1].split()
    assert not HEAVY & set(loaded)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and sub-command that does something."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def test_every_command_has_an_example():
    found = list(commands(main))
    assert ("keys", "create") in found
    for path in found:
        told = CliRunner().invoke(main, [*path, "--help"]).stdout
        assert re.search(rf"Examples?:\s+(\S+ .*\| )?windstill {' '.join(path)}", told), path
