"""The page about the native API: its code blocks run, its lists are complete."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
import pytest

import windstill
from tests.http import photos
from tests.http.running import RunningServer
from windstill.http.native.courier import signature
from windstill.http.native.description import reference
from windstill.http.native.routes import ROUTES

PAGE = (Path(__file__).parents[3] / "docs" / "api" / "native.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photo.jpg").write_bytes(photos.jpeg())
    return tmp_path


def run(
    server: RunningServer, folder: Path, *command: str, key: str = ""
) -> subprocess.CompletedProcess[str]:
    given = {"BASE_URL": server.address, "API_KEY": key or server.key}
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("block", blocks("sh"), ids=range(len(blocks("sh"))))
def test_a_command_of_the_page_does_what_it_says(
    server: RunningServer, folder: Path, block: str
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = run(server, folder, "sh", "-euc", block)
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert "code" not in body, body
    assert body.keys() >= {"id"} or body.keys() >= {"options"}


@pytest.mark.parametrize("block", blocks("python"), ids=range(len(blocks("python"))))
def test_a_program_of_the_page_does_what_it_says(
    server: RunningServer, folder: Path, block: str
) -> None:
    done = run(server, folder, sys.executable, "-c", block)
    assert done.returncode == 0, done.stderr
    if "loop.mp4" in block:
        with av.open(str(folder / "loop.mp4")) as container:
            assert container.streams.video[0].width == 96
        done = run(server, folder, sys.executable, "-c", block, key="wrong")
        assert done.returncode == 1
        assert "refused: unknown_key" in done.stderr


def test_the_check_of_signatures_knows_genuine_ones() -> None:
    (block,) = (block for block in blocks("python") if "def genuine" in block)
    names: dict[str, Any] = {}
    exec(block, names)
    now = int(time.time())
    header = signature("whsec_x", now, b"{}")
    assert names["genuine"](header, b"{}", "whsec_x")
    assert not names["genuine"](header, b"{} ", "whsec_x")
    assert not names["genuine"](header, b"{}", "whsec_y")
    assert not names["genuine"](signature("whsec_x", now - 999, b"{}"), b"{}", "whsec_x")


def test_objects_of_the_page_are_json() -> None:
    for block in blocks("json"):
        assert json.loads(block)


def test_every_warning_is_on_the_page_and_in_the_web_pages_languages() -> None:
    elements = Path(windstill.__file__).parent / "elements"
    source = "".join(path.read_text() for path in elements.rglob("*.py"))
    codes = set(re.findall(r'Notice\(\s*"(\w+)"', source))
    assert len(codes) >= 4
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", PAGE, re.M)) >= codes
    messages = files("windstill.http").joinpath("pages", "static", "messages.js").read_text()
    for code in codes:
        assert messages.count(f"'warning.{code}':") == 2


def test_every_code_and_address_is_on_the_page() -> None:
    assert reference() in PAGE
    for route in ROUTES:
        assert route.path in PAGE
