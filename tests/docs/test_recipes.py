"""The recipes that other programs take part in, with what stands for these."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.blocks import blocks
from tests.http.native.receiving import Receiver, receiver
from tests.http.photos import jpeg

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "recipes.md").read_text()


@pytest.fixture
def immich() -> Iterator[Receiver]:
    with receiver() as found:
        answer = (201, {"Content-Type": "application/json"}, b'{"id": "1", "status": "created"}')
        found.answers["/api/assets"] = [answer]
        yield found


def run(command: str, folder: Path, **variables: str) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    bash = ("bash", "-euo", "pipefail", "-c", command)
    done = subprocess.run(bash, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_an_album_goes_to_immich(tmp_path: Path, immich: Receiver) -> None:
    (tmp_path / "holidays").mkdir()
    for name in ("beach", "hut"):
        (tmp_path / "holidays" / f"{name}.jpg").write_bytes(jpeg())
    [command] = [block.code for block in blocks(PAGE) if "IMMICH" in block.code]
    run(command, tmp_path, IMMICH=immich.address, IMMICH_KEY="a key")
    assert [path for path, _, _ in immich.heard] == ["/api/assets"] * 2
    for (_, headers, body), name in zip(immich.heard, ("beach", "hut"), strict=True):
        assert headers["x-api-key"] == "a key"
        photo = (tmp_path / "loops" / f"{name}-loopMP.jpg").read_bytes()
        assert photo in body
        fields = dict(re.findall(rb'name="(\w+)"\r\n\r\n([^\r]*)\r\n', body))
        assert fields.keys() == {b"fileCreatedAt", b"fileModifiedAt", b"deviceAssetId", b"deviceId"}
        assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fields[b"fileCreatedAt"])


def test_home_assistants_command_works_again_and_again(tmp_path: Path) -> None:
    [text] = [block.code for block in blocks(PAGE) if block.language == "yaml"]
    configuration: dict[str, Any] = yaml.safe_load(text)
    [automation] = configuration["automation"]
    snapshot, made = automation["actions"]
    name = made["action"].removeprefix("shell_command.")
    command = configuration["shell_command"][name].replace("/config/www", str(tmp_path))
    photo = tmp_path / Path(snapshot["data"]["filename"]).name
    for size in ((240, 160), (160, 120)):
        photo.write_bytes(jpeg(*size))
        run(command, tmp_path)
        assert (tmp_path / "sky.mp4").stat().st_size > 0


def test_a_site_grows(tmp_path: Path) -> None:
    (tmp_path / "holidays").mkdir()
    [command] = [block.code for block in blocks(PAGE) if "site/" in block.code]
    for name in ("beach", "hut"):
        (tmp_path / "holidays" / f"{name}.jpg").write_bytes(jpeg())
        run(command, tmp_path)
    page = (tmp_path / "site" / "index.html").read_text()
    for address in re.findall(r'src="([^"]+)"', page):
        assert (tmp_path / "site" / address).exists(), address
    assert page.count("<windstill-loop") == 2
