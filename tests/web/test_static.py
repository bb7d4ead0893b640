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
        assert "unsafe" not in policy
        assert "base-uri 'none'" in policy


def test_the_api_page_looks_like_the_page(server: RunningServer) -> None:
    page, docs = (httpx.get(server.address + path).text for path in ("/", "/docs"))
    brand = re.compile(r'<a class="brand".*?</a>', re.DOTALL)
    mark = re.compile(r"<svg.*?</svg>", re.DOTALL)
    shown = [mark.search(brand.search(text)[0])[0] for text in (page, docs)]  # type: ignore[index]
    assert shown[0] == shown[1]
    sheet = r'"(static/\w+/base.css)"'
    assert re.findall(sheet, page) == re.findall(sheet, docs) != []


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", PAGE)
    # Links may lead elsewhere, but nothing is loaded from there.
    assert not re.search(r"<(?!a )[^>]*(?:src|href)=\"(?:\w+:|//)", PAGE)


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_file_has_its_type_and_is_fetched_once(server: RunningServer, name: str) -> None:
    first = httpx.get(f"{server.address}/static/{name}")
    assert first.status_code == 200
    assert first.headers["content-type"] == catalogue()[name].type
    assert first.headers["x-content-type-options"] == "nosniff"
    again = httpx.get(first.url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


def test_the_page_asks_for_files_that_may_be_kept_for_ever(server: RunningServer) -> None:
    page = httpx.get(server.address + "/")
    assert page.headers["cache-control"] == "no-cache"
    asked = set(re.findall(r'"(static/[^"]+)"', page.text))
    assert len(asked) > 3
    for path in asked:
        answer = httpx.get(f"{server.address}/{path}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    of_before = re.sub(r"static/\w+/", "static/0123456789abcdef/", asked.pop())
    assert httpx.get(f"{server.address}/{of_before}").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("coding", ["gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.5"])
def test_files_come_compressed(server: RunningServer, coding: str) -> None:
    address = f"{server.address}/static/messages.js"
    plain = httpx.get(address, headers={"accept-encoding": "identity"})
    small = httpx.get(address, headers={"accept-encoding": coding})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(small.headers["content-length"]) < 0.5 * int(plain.headers["content-length"])
    assert small.content == plain.content
    assert small.headers["etag"] != plain.headers["etag"]
    refused = httpx.get(address, headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


@pytest.mark.parametrize(
    ("wanted", "language", "words"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Ein Foto und ein Hauch von Wind."),
        ("fi,en-GB;q=0.8", "en", "A photo, and a breath of wind."),
        ("", "en", "A photo, and a breath of wind."),
    ],
)
def test_the_page_has_its_words_before_any_script(
    server: RunningServer, wanted: str, language: str, words: str
) -> None:
    page = httpx.get(server.address + "/", headers={"accept-language": wanted})
    assert f'<html lang="{language}">' in page.text
    assert words in page.text
    assert "Accept-Language" in page.headers["vary"]


def test_the_first_words_take_little(server: RunningServer) -> None:
    """Half of what 50 kB a second bring in a second."""
    page = httpx.get(server.address + "/")
    styles = re.findall(r'"(static/[^"]+\.css)"', page.text)
    answers = [page, *(httpx.get(f"{server.address}/{path}") for path in styles)]
    assert sum(int(answer.headers["content-length"]) for answer in answers) < 25_000


@pytest.mark.parametrize(
    "path",
    [
        "",
        "app",
        "../docs.html",
        "%2e%2e/docs.html",
        "..%2fdocs.html",
        "/etc/passwd",
        "app.js/",
        "0123456789abcdef/",
        "0123456789abcdef/../docs.html",
        "0123456789abcdef/0123456789abcdef/app.js",
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
