"""`windstill animate --watch`."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import QUICK
from windstill.cli.targets import Task
from windstill.cli.watching import Watch


def watch(folder: Path) -> Watch:
    def plan() -> list[Task]:
        return [Task(path, path.with_suffix(".mp4")) for path in sorted(folder.glob("*.jpg"))]

    return Watch(plan)


def names(tasks: list[Task]) -> list[str]:
    return [task.photo.name for task in tasks]


def test_a_photo_is_taken_when_it_stops_growing(tmp_path: Path) -> None:
    watched = watch(tmp_path)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"")
    assert names(watched.ready()) == []
    assert names(watched.ready()) == [], "an empty file is one that is about to be written"
    photo.write_bytes(b"half")
    assert names(watched.ready()) == []
    photo.write_bytes(b"half and more")
    assert names(watched.ready()) == []
    assert names(watched.ready()) == ["a.jpg"]
    assert names(watched.ready()) == [], "once is enough"


def test_a_photo_that_changed_is_taken_again(tmp_path: Path) -> None:
    watched = watch(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"cut")
    watched.ready()
    assert names(watched.ready()) == ["a.jpg"]
    (tmp_path / "a.jpg").write_bytes(b"whole now")
    (tmp_path / "b.jpg").write_bytes(b"another")
    watched.ready()
    assert names(watched.ready()) == ["a.jpg", "b.jpg"]


def test_photos_that_come_are_animated_until_ctrl_c(photo: Path, tmp_path: Path) -> None:
    inbox, out = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "windstill.cli", "animate", str(inbox), "-o", str(out), "--watch",
         "--report", str(tmp_path / "report.json"), *QUICK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert "watching for photos" in process.stderr.readline()
    for name in ("first", "second"):
        shutil.copy(photo, inbox / f"{name}.jpg")
        assert process.stdout is not None
        assert f"{name}.jpg -> {out / name}-loop.mp4" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped watching" in errors
    assert "2 photos: 2 animated, 0 failed" in errors
    assert sorted(path.name for path in out.iterdir()) == ["first-loop.mp4", "second-loop.mp4"]
    assert '"done": 2' in (tmp_path / "report.json").read_text()


def test_only_folders_are_watched(photo: Path) -> None:
    command = [sys.executable, "-m", "windstill.cli", "animate", str(photo), "--watch"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 2
    assert "--watch watches folders" in result.stderr
