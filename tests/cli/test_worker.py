from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from windstill.cli import main


def test_a_worker_without_a_common_database_says_what_to_set(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["worker", "--data", str(tmp_path)])
    assert told.exit_code != 0
    assert "set database to the PostgreSQL" in told.output
    assert list(tmp_path.iterdir()) == []


def test_a_worker_whose_database_is_not_there_says_so_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://windstill:hidden@127.0.0.1:9/windstill"
    told = subprocess.run(
        [sys.executable, "-m", "windstill.cli", "worker", "--data", tmp_path, "--database", url],
        capture_output=True,
        text=True,
    )
    assert told.returncode != 0
    assert "127.0.0.1" in told.stderr
    assert "hidden" not in told.stdout + told.stderr


def test_keys_of_a_database_that_is_not_there_say_so_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://windstill:hidden@127.0.0.1:9/windstill"
    told = CliRunner().invoke(main, ["keys", "list", "--database", url])
    assert told.exit_code != 0
    assert "127.0.0.1" in told.output
    assert "hidden" not in told.output


def test_the_help_shows_an_example() -> None:
    told = CliRunner().invoke(main, ["worker", "--help"]).output
    assert "Example: windstill worker --database postgresql://" in told
    assert "--worker-port" in told
