"""What `make dist` builds installs and runs in fresh environments, with nothing of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
EXTRAS = "serve,client,postgres,rabbitmq,s3,heic"
ELF_MACHINES = {"x86_64": 62, "aarch64": 183}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
]


def run(*command: object, cwd: Path, **env: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean | env, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `make dist` fills, run in a copy of what is under version control."""
    copy = tmp_path_factory.mktemp("dist") / "copy"
    copy.mkdir()
    for name in run("git", "ls-files", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    environment = Path(sys.prefix)
    # The copies' times are those of the checkout, so that nothing is installed once more.
    run("make", "dist", f"VENV={environment}", "--old-file", environment / ".ready", cwd=copy)
    return copy / "dist"


def wheel(dist: Path, machine: str) -> Path:
    (found,) = dist.glob(f"windstill-*-py3-none-*_{machine}.whl")
    return found


@pytest.mark.parametrize("machine", ELF_MACHINES)
def test_wheels_hold_libraries_for_their_processor(dist: Path, machine: str) -> None:
    with zipfile.ZipFile(wheel(dist, machine)) as archive:
        libraries = [name for name in archive.namelist() if name.endswith(".so")]
        headers = [archive.read(name)[:20] for name in libraries]
        assert [name for name in archive.namelist() if name.endswith((".c", ".h"))] == []
    assert len(libraries) == len(list((ROOT / "src").rglob("*.c"))) * (
        2 if machine == "x86_64" else 1
    )
    assert {int.from_bytes(head[18:20], "little") for head in headers} == {ELF_MACHINES[machine]}


def interpreters() -> dict[str, str]:
    """CPythons at hand by their version."""
    found = {}
    for version in PYTHONS:
        places = [shutil.which(f"python{version}"), *_of_pyenv(version)]
        for place in filter(None, places):
            if subprocess.run([place, "-c", "import venv, ensurepip"], check=False,
                              capture_output=True).returncode == 0:  # fmt: skip
                found[version] = place
                break
    return found


def _of_pyenv(version: str) -> list[str]:
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    return [str(path / "bin/python") for path in versions.glob(f"{version}.*")]


@pytest.fixture(params=PYTHONS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """An environment of one Python."""
    python = interpreters().get(request.param)
    if python is None:
        pytest.skip(f"Python {request.param} is not here")
    run(python, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    yield tmp_path / "env" / "bin"
    shutil.rmtree(tmp_path / "env")


def test_a_wheel_runs_in_a_fresh_environment(dist: Path, fresh: Path, tmp_path: Path) -> None:
    from tests.http.photos import jpeg

    machine = os.uname().machine
    requirement = f"windstill[{EXTRAS}] @ {wheel(dist, machine).as_uri()}"
    run(fresh / "pip", "install", "--quiet", "--only-binary", ":all:", requirement, cwd=tmp_path)
    run(fresh / "pip", "check", cwd=tmp_path)
    place = run(fresh / "python", "-c", "import windstill; print(windstill.__file__)", cwd=tmp_path)
    assert place.startswith(str(fresh.parent))
    run(fresh / "windstill", "doctor", cwd=tmp_path)
    (tmp_path / "photo.jpg").write_bytes(jpeg(320, 200))
    run(fresh / "windstill", "animate", "photo.jpg", "--seconds", "2", cwd=tmp_path)
    assert (tmp_path / "photo-loop.mp4").stat().st_size > 1000
    _serves(fresh, tmp_path)


def _serves(fresh: Path, folder: Path) -> None:
    """The page and all that it loads."""
    import httpx

    from tests.http.running import until

    port = free_port()
    command = [fresh / "windstill", "serve", "--data", folder / "data", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        until(lambda: "curl" in (folder / "log").read_text() or process.poll() is not None)
        page = httpx.get(f"http://127.0.0.1:{port}/")
        loaded = set(re.findall(r'(?:src|href)="([^":#]+\.(?:js|css|svg))"', page.text))
        assert page.is_success
        assert loaded
        for path in loaded:
            assert httpx.get(urljoin(str(page.url), path)).is_success, path
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_the_source_archive_builds_by_itself(dist: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    (archive,) = dist.glob("*.tar.gz")
    pip = tmp_path / "env/bin/pip"
    # Its compiler comes as a wheel, as pyproject.toml names it.
    run(pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", "made", archive, cwd=tmp_path)
    (made,) = (tmp_path / "made").iterdir()
    assert made.name == wheel(dist, os.uname().machine).name


def test_a_missing_extra_is_said_to_be_added_to_this_wheel(dist: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    built = wheel(dist, os.uname().machine)
    run(tmp_path / "env/bin/pip", "install", "--quiet", built, cwd=tmp_path)
    result = subprocess.run(
        [tmp_path / "env/bin/windstill", "serve"], cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert f"pip install 'windstill[serve] @ {built.as_uri()}'" in result.stderr
