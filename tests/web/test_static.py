"""The page's files as they are served."""

from __future__ import annotations

import re
from importlib.resources import files

import httpx
import pytest

from tests.http.running import RunningServer
from windstill.http.static import catalogue

STATIC = files("windstill.http").joinpath("pages", "static")
PAGE = STATIC.joinpath("index.html").read_text(encoding="utf-8")
MESSAGES = STATIC.joinpath("messages.js").read_text(encoding="utf-8")


def test_the_page_may_load_its_own_files_only(server: RunningServer) -> None:
    response = httpx.get(server.address + "/")
    policy = response.headers["content-security-policy"]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for path in ("/", "/docs"):
        policy = httpx.get(server.address + path).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", PAGE)
    assert not re.search(r"(?:src|href)=\"(?:\w+:|//)", PAGE)


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_file_has_its_type_and_is_fetched_once(server: RunningServer, name: str) -> None:
    first = httpx.get(f"{server.address}/static/{name}")
    assert first.status_code == 200
    assert first.headers["content-type"] == catalogue()[name].type
    assert first.headers["x-content-type-options"] == "nosniff"
    again = httpx.get(first.url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "app",
        "../style.css",
        "%2e%2e/style.css",
        "..%2fstyle.css",
        "/etc/passwd",
        "app.js/",
        ".",
    ],
)
def test_nothing_else_can_be_asked_for(server: RunningServer, path: str) -> None:
    with httpx.Client(base_url=server.address) as client:
        request = client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=f"/static/{path}".encode())
        assert client.send(request).status_code == 404


def test_every_text_exists_in_every_language() -> None:
    english, german = (
        set(re.findall(r"^ +'|(?<=[ ,])'([\w.]+)': '", part)) - {""} for part in _parts()
    )
    used = set(re.findall(r"data-t(?:-label)?=\"([\w.]+)\"", PAGE))
    assert len(english) > 100
    assert english == german
    assert used <= english


def _parts() -> list[str]:
    return MESSAGES.split("const de = {")
