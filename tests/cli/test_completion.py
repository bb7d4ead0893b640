"""Completion as a shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from windstill.cli import main
from windstill.cli.commands import COMMANDS
from windstill.options import CODECS


def completions(line: str) -> list[str]:
    """What bash would offer at the end of `line`."""
    words = line.split(" ")
    asked = {
        "_WINDSTILL_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    script = "from windstill.cli import main; main(prog_name='windstill')"
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [entry.partition(",")[2] for entry in result.stdout.split()]


def test_commands_options_and_values_are_offered() -> None:
    assert completions("windstill ") == list(COMMANDS)
    assert completions("windstill animate --fo") == ["--format", "--force"]
    offered = completions("windstill animate --codec ")
    assert {"auto", *(codec for each in CODECS.values() for codec in each)} == set(offered)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_one_that_the_shell_can_read(shell: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell]).stdout
    assert "_WINDSTILL_COMPLETE" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    subprocess.run([program, "-n", "-c", script], check=True, timeout=30)


def test_unknown_shells_are_refused_with_those_known() -> None:
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "bash" in result.stderr
