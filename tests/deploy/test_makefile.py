"""`make` deletes no folder but those that it made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that set-up reads, and a Python that makes no environment."""
    place = tmp_path / "checkout"
    (place / "requirements").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements/dev.txt"):
        shutil.copy(ROOT / name, place / name)
    python = place / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || exit 9\n')
    python.chmod(0o755)
    return place


def make(checkout: Path, target: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target, f"VENV={folder}", f"PYTHON={checkout / 'python'}"],
        cwd=checkout, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("target", ["setup", "clean", "lock"])
@pytest.mark.parametrize("kind", ["photos", "environment"])
def test_a_folder_of_somebody_else_is_left_alone(checkout: Path, target: str, kind: str) -> None:
    folder = checkout / "precious"
    kept = checkout / ("precious-lock" if target == "lock" else "precious") / "pyvenv.cfg"
    kept = kept.with_name("photo.jpg") if kind == "photos" else kept
    kept.parent.mkdir()
    kept.touch()
    result = make(checkout, target, folder)
    assert result.returncode != 0
    assert (
        f"{kept.parent} was not made by make; delete it, or name another folder: make VENV=PATH"
        in (result.stderr)
    )
    assert kept.is_file()


@pytest.mark.parametrize("mark", [".made-by-windstill", None])
def test_its_own_and_empty_folders_are_made_anew(checkout: Path, mark: str | None) -> None:
    folder = checkout / "environment"
    folder.mkdir()
    if mark:
        (folder / mark).touch()
        (folder / "left from before").touch()
    assert "was not made" not in make(checkout, "setup", folder).stderr
    assert [path.name for path in folder.iterdir()] == [".made-by-windstill"]
    assert make(checkout, "clean", folder).returncode == 0
    assert not folder.exists()
