"""Completion as a shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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


ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -d $FOLDER/dump'
zpty -w shell 'echo it is${:-} ready'
zpty -r shell said '*it is ready*'
zpty -w -n shell $'windstill anim\t'
zpty -r shell said '*animate*'
zpty -w -n shell $'\x15windstill animate --codec \t\t'
zpty -r shell said '*mpeg4*'
print -r -- $said
"""


@pytest.fixture
def shell(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Runs a script in a real shell, with its completion in $FOLDER and windstill in the PATH."""
    name = request.param
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} here")
    file = {"zsh": "_windstill", "fish": "windstill.fish"}[name]
    (tmp_path / file).write_text(CliRunner().invoke(main, ["completion", name]).stdout)
    command = tmp_path / "windstill"
    command.write_text(
        f"#!{sys.executable}\nfrom windstill.cli import main\nmain(prog_name='windstill')\n"
    )
    command.chmod(0o755)
    given = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "FOLDER": str(tmp_path),
        "HOME": str(tmp_path),
        "TERM": "xterm",
    }

    def run(script: str) -> str:
        done = subprocess.run(
            [program, *(["-f"] if name == "zsh" else ["--no-config"]), "-c", script],
            env=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    return run


@pytest.mark.parametrize("shell", ["zsh"], indirect=True)
def test_zsh_completes(shell: Callable[[str], str]) -> None:
    said = shell(ZSH)
    for codec in ("auto", "h264", "vp9", "av1", "mpeg4"):
        assert codec in said


@pytest.mark.parametrize("shell", ["fish"], indirect=True)
def test_fish_completes(shell: Callable[[str], str]) -> None:
    script = "source $FOLDER/windstill.fish; complete -C"
    assert shell(f"{script} 'windstill anim'").startswith("animate\t")
    assert shell(f"{script} 'windstill completion '").split() == ["bash", "fish", "zsh"]
    (told,) = shell(f"{script} 'windstill animate --form'").splitlines()
    # The whole help, of which a shell shows as much as there is room for.
    assert told.startswith("--format\tWhat the result is: a film (mp4, webm, avi)")


def test_unknown_shells_are_refused_with_those_known() -> None:
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "bash" in result.stderr
