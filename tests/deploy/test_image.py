"""That what the Dockerfile copies is enough for an image that works without the repository."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT

LEFT_OUT = ("__pycache__", "*.egg-info", "*.pyc", "*.so")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the image's build makes it, from the files that are sent to it."""
    context = tmp_path_factory.mktemp("context")
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, context / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "-w", "dist", "."]
    subprocess.run(command, cwd=context, check=True, timeout=120)
    (built,) = (context / "dist").glob("*.whl")
    return built


def copied() -> list[str]:
    """What the Dockerfile takes from the repository."""
    lines = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    return [name for line in lines for name in line.split()]


def test_all_that_is_copied_is_sent() -> None:
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    assert set(copied()) == sent
    assert all((ROOT / name).exists() for name in sent)


def test_the_weights_and_all_data_are_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    package = ROOT / "src" / "windstill"
    wanted = [
        path
        for path in package.rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc", ".c", ".h")
        and "__pycache__" not in path.parts
    ]
    assert {path.suffix for path in wanted} >= {
        ".onnx",
        ".so",
        ".sql",
        ".tsv",
        ".html",
        ".css",
        ".js",
    }
    for path in wanted:
        name = str(path.relative_to(package.parent))
        assert name in packed
        assert hashlib.sha256(packed[name]).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_it_works_from_there(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import windstill, numpy; assert 'installed' in windstill.__file__; "
        "mattes = windstill.mattes(numpy.zeros((64, 64, 3), 'uint8')); print(mattes.sky.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "(64, 64)\n", done.stderr
