"""`windstill mattes` and `windstill doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import windstill
from windstill.cli import main
from windstill.cli.doctor import COMPILED
from windstill.options import describe


def run(*args):
    return CliRunner().invoke(main, list(map(str, args)))


def test_mattes_are_grey_pictures_of_the_photos_size(photo, tmp_path):
    folder = tmp_path / "out" / "mattes"
    result = run("mattes", photo, "-o", folder)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["hair.png", "overlay.png", "sky.png"]
    with Image.open(folder / "sky.png") as sky, Image.open(folder / "overlay.png") as overlay:
        assert (sky.mode, sky.size) == ("L", (240, 160))
        assert (overlay.mode, overlay.size) == ("RGB", (240, 160))
        top, bottom = np.asarray(sky)[:20].mean(), np.asarray(sky)[-20:].mean()
    assert top > 200
    assert bottom < 20


def test_mattes_are_replaced_by_force_only(photo, tmp_path):
    assert run("mattes", photo, "-o", tmp_path).exit_code == 0
    assert run("mattes", photo, "-o", tmp_path).exit_code == 4
    assert run("mattes", photo, "-o", tmp_path, "--force").exit_code == 0


@pytest.mark.parametrize(("content", "status"), [(b"", 3), (b"text", 3)])
def test_mattes_of_no_photo(tmp_path, content, status):
    (tmp_path / "a.jpg").write_bytes(content)
    result = run("mattes", tmp_path / "a.jpg", "-o", tmp_path / "out")
    assert result.exit_code == status
    assert result.stderr.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_doctor_finds_this_machine_healthy():
    result = run("doctor", "--json")
    assert result.exit_code == 0, result.stdout
    found = json.loads(result.stdout)
    assert found["ok"]
    assert found["checks"].keys() >= {"versions", "encoders", "network", "loop"}


def test_doctor_tells_how_h264_is_coded(monkeypatch):
    from windstill.video import x264

    assert x264.library().file.name in run("doctor").stdout
    monkeypatch.setattr(x264, "BUILD", 999)
    monkeypatch.setattr(x264, "library", x264.library.__wrapped__)
    result = run("doctor", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)["checks"]["h264"]
    assert told["ok"]
    assert "no libx264 999" in told["detail"]


def test_doctor_tells_what_job_processes_are_kept_from(monkeypatch):
    from windstill.jobs.supervise import sandbox

    def told() -> str:
        result = run("doctor", "--json")
        assert result.exit_code == 0
        return str(json.loads(result.stdout)["checks"]["isolation"]["detail"])

    assert "no network and no other programs" in told()
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    monkeypatch.setattr(sandbox, "_ARCHITECTURES", {})
    assert "jobs can reach the network: no seccomp here" in told()
    assert "secrets too: no Landlock here" in told()


@pytest.mark.parametrize("which", ["WEIGHTS", "HEADS_WEIGHTS"])
def test_doctor_finds_a_missing_network(monkeypatch, which):
    monkeypatch.setattr(f"windstill.perceive.network.{which}", "none.onnx")
    from windstill.perceive import network

    getattr(network._session, "cache_clear", lambda: None)()
    result = run("doctor")
    getattr(network._session, "cache_clear", lambda: None)()
    assert result.exit_code == 5
    assert "FAILED  network" in result.stdout


def test_every_option_is_a_flag():
    told = run("animate", "--help").stdout
    for option in describe():
        assert f"--{str(option['name']).replace('_', '-')}" in told


def test_the_doctor_loads_whatever_is_compiled() -> None:
    package = Path(windstill.__file__).parent
    sources = {(str(path.parent.relative_to(package)), path.stem) for path in package.rglob("*.c")}
    assert set(COMPILED) == sources
