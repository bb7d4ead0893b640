"""`windstill preview`, with its service in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "windstill.cli", "preview", "--no-browser"]


@contextmanager
def previewing(photo: Path, temporary: Path) -> Iterator[tuple[str, str, str]]:
    """The service's address, the key and the photo's path while the command runs."""
    process = subprocess.Popen(
        [*COMMAND, str(photo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(temporary), "PATH": "", "WINDSTILL_PUBLIC_URL": "https://else.where"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        found = re.search(r"http://\S+", line)
        assert found, process.stderr.read() if process.stderr else ""
        parts = urlsplit(found[0])
        given = parse_qs(parts.fragment)
        yield f"{parts.scheme}://{parts.netloc}", given["key"][0], given["photo"][0]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_photo_is_there_once_and_the_key_works(photo: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with previewing(photo, temporary) as (address, key, path):
        assert urlsplit(address).hostname == "127.0.0.1"
        first = httpx.get(address + path)
        assert (first.status_code, first.headers["content-type"]) == (200, "image/jpeg")
        assert first.content == photo.read_bytes()
        assert path.endswith("/china.jpg")
        assert httpx.get(address + path).status_code == 404
        assert httpx.get(address + "/").status_code == 200
        asked = httpx.get(f"{address}/api/common/query-credits", headers={"ailabapi-api-key": key})
        assert asked.json()["error_code"] == 0
    assert not list(temporary.iterdir())


def test_what_browsers_do_not_know_becomes_a_jpeg(china: Image.Image, tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(china).save(tmp_path / "phone photo.heic", quality=90)
    with previewing(tmp_path / "phone photo.heic", tmp_path) as (address, _, path):
        answer = httpx.get(address + path)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content[:3] == b"\xff\xd8\xff"


def test_what_is_no_photo_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no photo")
    result = subprocess.run(
        [*COMMAND, str(tmp_path / "a.jpg")], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 3
    assert "error: " in result.stderr
    assert result.stdout == ""
