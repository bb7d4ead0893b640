"""The sample programs of the documentation do what they say, where their language is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.http import photos
from tests.http.running import RunningServer

SAMPLES = Path(__file__).parents[2] / "docs" / "api" / "samples"
COMMANDS: dict[str, tuple[str, ...]] = {
    "animate.sh": ("sh",),
    "animate.py": (sys.executable,),
    "animate.mjs": ("node",),
    "animate.php": ("php",),
    "Animate.java": ("java",),
    "animate.go": ("go", "run"),
    "Animate.cs": ("mono",),
}
NEEDS = {"animate.sh": "curl", "Animate.cs": "mcs"}


def run(
    name: str, server: RunningServer, folder: Path, key: str, photo: Path
) -> subprocess.CompletedProcess[str]:
    for program in (COMMANDS[name][0], NEEDS.get(name)):
        if program is not None and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    sample = SAMPLES / name
    if name.endswith(".cs"):
        sample = folder / "Animate.exe"
        build = ("mcs", f"-out:{sample}", "-r:System.Net.Http.dll", str(SAMPLES / name))
        subprocess.run(build, check=True, capture_output=True, text=True)
    environment = {
        **os.environ,
        "BASE_URL": server.address,
        "API_KEY": key,
        "GOCACHE": str(folder / "go"),
        "GOFLAGS": "-mod=mod",
    }
    return subprocess.run(
        (*COMMANDS[name], str(sample), str(photo), str(folder / "loop.mp4")),
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        cwd=folder,
    )


def test_every_sample_is_run() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_sample_makes_a_loop(name: str, server: RunningServer, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photos.jpeg())
    done = run(name, server, tmp_path, server.key, photo)
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "loop.mp4")) as container:
        assert container.streams.video[0].width == 96


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "animate.go"])
def test_a_sample_tells_why_it_was_refused(
    name: str, server: RunningServer, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photos.jpeg())
    done = run(name, server, tmp_path, "wrong", photo)
    assert done.returncode == 1
    assert "refused: " in done.stderr
    assert "ERROR_APPLICATIONS_NOT_EXISTS" in done.stderr
