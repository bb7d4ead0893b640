"""Every guard is needed by a test: each is taken out of a copy of the package in turn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.reliability.guards import GUARDS, PACKAGE, ROOT, Guard

SECONDS = 900.0
FAILED = 1
"""What pytest returns when tests ran, and one failed or could not begin."""


def name_of(guard: Guard) -> str:
    return f"{guard.file}: {guard.old.strip().splitlines()[0][:50]}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a folder of its own; its files are links, to be replaced and not written."""
    folder = tmp_path_factory.mktemp("copy")
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, folder / "windstill", copy_function=_link, ignore=unwanted)
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another file system
        shutil.copy2(source, target)


def run(copy: Path, tests: Sequence[str], *more: str) -> subprocess.CompletedProcess[str]:
    """Runs tests with the copied package instead of the installed one."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", ""]
    return subprocess.run(
        [*command, *more, *(f"tests/{test}" for test in tests)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS + 600,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_of_these_tests_pass_with_all_guards_in(copy: Path) -> None:
    done = run(copy, sorted({guard.test for guard in GUARDS}))
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("guard", GUARDS, ids=name_of)
def test_a_guard_that_is_out_is_noticed(copy: Path, guard: Guard) -> None:
    place = copy / "windstill" / guard.file
    place.unlink()
    place.write_text(guard.edited, encoding="utf-8")
    try:
        done = run(copy, [guard.test], "--timeout=120")
    finally:
        place.unlink()
        _link(str(PACKAGE / guard.file), str(place))
    assert done.returncode == FAILED, done.stdout[-4000:]
