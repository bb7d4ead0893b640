"""`windstill animate` on many photos: resuming, working in parallel, reporting."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.cli.conftest import QUICK
from windstill.cli import main
from windstill.cli.targets import plan_tasks

COMMAND = [sys.executable, "-m", "windstill.cli", "animate"]
LONG = ["--seconds", "12", "--fps", "60"]


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["animate", *map(str, args), *QUICK])


@pytest.fixture
def folder(photo: Path, tmp_path: Path) -> Path:
    """Three photos and a file that only looks like one."""
    place = tmp_path / "in"
    place.mkdir()
    for name in "abc":
        shutil.copy(photo, place / f"{name}.jpg")
    (place / "bad.jpg").write_bytes(b"no photo")
    return place


def test_what_is_finished_is_skipped(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "b-loop.mp4").write_bytes(b"from before")
    first = run(folder, "-o", out)
    assert first.exit_code == 3
    assert f"{folder / 'b.jpg'}: {out / 'b-loop.mp4'} exists; skipped" in first.stdout
    assert "4 photos: 2 animated, 1 skipped as finished before, 1 failed" in first.stderr
    assert f"failed: {folder / 'bad.jpg'}" in first.stderr
    assert sorted(path.name for path in out.iterdir()) == [f"{n}-loop.mp4" for n in "abc"]
    assert (out / "b-loop.mp4").read_bytes() == b"from before"

    made = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    (folder / "bad.jpg").unlink()
    again = run(folder, "-o", out)
    assert again.exit_code == 0
    assert "3 photos: 0 animated, 3 skipped" in again.stderr
    assert made == {path: path.stat().st_mtime_ns for path in out.iterdir()}

    assert run(folder, "-o", out, "--force").exit_code == 0
    assert (out / "b-loop.mp4").read_bytes() == (out / "a-loop.mp4").read_bytes()


@pytest.mark.parametrize("jobs", [1, 2])
def test_report_tells_of_every_photo(folder: Path, tmp_path: Path, jobs: int) -> None:
    report = tmp_path / "report.json"
    result = run(folder, "-o", tmp_path / "out", "--report", report, "--jobs", jobs, "--quiet")
    told = json.loads(report.read_text())
    assert told["exit_status"] == result.exit_code == 3
    assert told["complete"]
    assert told["counts"] == {"done": 3, "skipped": 0, "failed": 1}
    assert [Path(each["photo"]).name for each in told["photos"]] == [
        "a.jpg", "b.jpg", "bad.jpg", "c.jpg",
    ]  # fmt: skip
    assert told["photos"][2]["error"]["code"] == "not_a_photo"
    assert told["photos"][0]["path"] == str(tmp_path / "out" / "a-loop.mp4")
    assert told["photos"][0]["moved"]
    assert result.stdout == ""


def test_parallel_work_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    for jobs in (1, 3):
        run(folder, "-o", tmp_path / str(jobs), "--jobs", jobs, "--threads", 1)
    for name in "abc":
        one, three = (tmp_path / jobs / f"{name}-loop.mp4" for jobs in "13")
        assert one.read_bytes() == three.read_bytes()


def test_posters_lie_beside_their_results(folder: Path, tmp_path: Path) -> None:
    assert run(folder / "a.jpg", "--poster", "png").exit_code == 0
    with Image.open(folder / "a-loop.png") as poster:
        assert poster.size == (240, 160)
    again = run(folder / "a.jpg", "-o", folder / "a.mp4", "--poster", "jpg")
    assert (again.exit_code, "is the photo itself" in again.stderr) == (4, True)
    assert not (folder / "a.mp4").exists()
    assert run("-", "-o", "-", "--poster", "png").exit_code == 2


def test_own_mattes(photo: Path, tmp_path: Path) -> None:
    Image.new("L", (8, 8), 0).save(tmp_path / "black.png")
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    still = run(photo, "--sky-matte", tmp_path / "black.png", "--strict")
    assert (still.exit_code, "can move" in still.stderr) == (6, True)
    moving = run(photo, "--sky-matte", tmp_path / "white.png", "--json")
    shares = {each["element"]: each["share"] for each in json.loads(moving.stdout)["moved"]}
    assert shares["sky"] > 0.95
    broken = run(photo, "--force", "--hair-matte", tmp_path / "none.png")
    assert (broken.exit_code, "hair matte" in broken.stderr) == (2, True)
    several = run(photo, photo, "--sky-matte", tmp_path / "black.png")
    assert (several.exit_code, "belong to one photo" in several.stderr) == (2, True)


def children(pid: int) -> list[int]:
    """Processes that `pid` started and that work for it."""
    with suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        workers = []
        for child in map(int, listed):
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    workers.append(child)
        return workers
    return []


def started(folder: Path, out: Path, parts: int) -> subprocess.Popen[bytes]:
    """The command on a folder with two jobs, once that many results are being written."""
    process = subprocess.Popen(
        [*COMMAND, str(folder), "-o", str(out), "--jobs", "2", *LONG],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while len(list(out.glob(".windstill-*"))) < parts and process.poll() is None:
        pass
    return process


def test_a_process_that_dies_takes_only_its_photo_along(folder: Path, tmp_path: Path) -> None:
    process = started(folder, tmp_path / "out", 2)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 3
    assert b"ended with signal 9" in errors
    assert b"4 photos: 2 animated, 2 failed" in errors
    assert len(list((tmp_path / "out").glob("*-loop.mp4"))) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_work_leaves_no_half(folder: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    process = started(folder, out, 2)
    workers = children(process.pid)
    assert len(workers) == 2
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert [path for path in out.iterdir() if not path.name.endswith("-loop.mp4")] == []
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.parametrize(
    "name", ["a.JPG", "a.jfif", "a.pjpeg", "a.jpe", "a.dib", "a.HIF", "a.webp", "a.avif"]
)
def test_photos_by_any_name_are_found_in_folders(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    (tmp_path / "a.txt").touch()
    assert [
        task.photo.name for task in plan_tasks([str(tmp_path)], None, "mp4", recursive=False)
    ] == [name]


def test_photos_that_carry_their_loop_are_not_animated_again(folder: Path) -> None:
    (folder / "bad.jpg").unlink()
    for expected in ("3 photos: 3 animated", "3 photos: 0 animated, 3 skipped"):
        done = run(folder, "--format", "motion_photo")
        assert done.exit_code == 0
        assert expected in done.stderr
    made = sorted(path.name for path in folder.iterdir() if path.name.endswith("MP.jpg"))
    assert made == [f"{name}-loopMP.jpg" for name in "abc"]
