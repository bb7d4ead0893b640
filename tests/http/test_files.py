"""Results by link: open to anybody until their time, and to nobody with anything changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import av
import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import RunningServer, until

DAY = 24 * 3600


@pytest.fixture(scope="module")
def url(server: RunningServer) -> str:
    return succeeded(server.animate(photos.jpeg()))["data"]["url"]


@pytest.fixture(scope="module")
def video(url: str) -> bytes:
    return httpx.get(url).content


def test_a_plain_get_is_enough(url: str, video: bytes) -> None:
    response = httpx.get(url)
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/mp4"
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"] == 'inline; filename="windstill.mp4"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["access-control-allow-origin"] == "*"
    with av.open(io.BytesIO(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 16


def test_head_says_the_same_without_a_body(url: str, video: bytes) -> None:
    response = httpx.head(url)
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/mp4"
    assert int(response.headers["content-length"]) == len(video)
    assert response.content == b""


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-50", -50, None)],
)
def test_serves_ranges(url: str, video: bytes, asked: str, start: int, end: int | None) -> None:
    response = httpx.get(url, headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == video[start:end]
    assert response.headers["content-range"].endswith(f"/{len(video)}")


def test_serves_several_ranges(url: str) -> None:
    response = httpx.get(url, headers={"Range": "bytes=0-9,100-109"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges")


def test_refuses_a_range_beyond_the_end(url: str, video: bytes) -> None:
    response = httpx.get(url, headers={"Range": f"bytes={len(video)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(video)}"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=", "bytes=a-b", "bytes=5-2", "x" * 500])
def test_ignores_ranges_that_mean_nothing(url: str, video: bytes, asked: str) -> None:
    response = httpx.get(url, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, video)


def test_the_link_is_of_the_host_that_was_asked(server: RunningServer) -> None:
    port = urlsplit(server.address).port
    headers = {**server.headers, "Host": f"loops.example.org:{port}"}
    url = succeeded(server.animate(photos.jpeg(), headers=headers))["data"]["url"]
    assert url.startswith(f"http://loops.example.org:{port}/files/")


@pytest.mark.parametrize(
    "host", ["evil.example/path?", "a b", "user@evil.example", '"><script>', "", "x" * 400]
)
def test_a_nonsense_host_never_gets_into_a_link(server: RunningServer, host: str) -> None:
    headers = {**server.headers, "Host": host}
    url = succeeded(server.animate(photos.jpeg(), headers=headers))["data"]["url"]
    assert url.startswith(f"{server.address}/files/")


def altered(url: str) -> dict[str, str]:
    """The link with each of its parts changed."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    base = f"{parts.scheme}://{parts.netloc}"
    signature, expires = query["signature"], query["expires"]
    last = "0" if signature[-1] != "0" else "1"
    first = "A" if signature[0] != "A" else "B"

    def link(path: str = parts.path, **changed: str) -> str:
        pairs = {**query, **changed}
        return f"{base}{path}?" + "&".join(f"{k}={v}" for k, v in pairs.items() if v != "-")

    folder, _, name = parts.path.rpartition("/")
    return {
        "first character of the signature": link(signature=first + signature[1:]),
        "last characters of the signature": link(signature=signature[:-2] + last * 2),
        "longer signature": link(signature=signature + "00"),
        "shorter signature": link(signature=signature[:-1]),
        "no signature": link(signature="-"),
        "empty signature": link(signature=""),
        "later time": link(expires=str(int(float(expires)) + 1000)),
        "endless time": link(expires="99999999999"),
        "no time": link(expires="-"),
        "nonsense time": link(expires="never"),
        "infinite time": link(expires="inf"),
        "time with a sign": link(expires="%2B" + expires),
        "time with zeros": link(expires="0" + expires),
        "other name": link(f"{folder}/0{name[1:]}" if name[0] != "0" else f"{folder}/1{name[1:]}"),
        "upper-case name": link(f"{folder}/{name.upper()}"),
        "encoded path upward": link(f"{folder}/..%2f..%2fwindstill.toml"),
        "absolute path": link("/files//etc/passwd"),
        "zero byte": link(f"{parts.path}%00"),
        "no query": f"{base}{parts.path}",
    }


def test_nothing_but_the_very_link_works(url: str) -> None:
    for what, link in altered(url).items():
        response = httpx.get(link)
        assert response.status_code == 404, (what, link)
        refused(response, 404, "ERROR_FILE_NOT_FOUND")
    assert httpx.get(url).status_code == 200


def test_a_link_works_for_its_time_and_never_again(launch: Callable[..., RunningServer]) -> None:
    public = "https://loops.example.org/base"
    server = launch(public_url=public + "/")
    url = succeeded(server.animate(photos.jpeg()))["data"]["url"]
    assert url.startswith(f"{public}/files/results/")
    here = url.replace(public, server.address)
    for seconds, status in ((0, 200), (DAY - 60, 200), (DAY + 1, 404), (40 * DAY, 404)):
        server.move_clock(seconds)
        response = httpx.get(here)
        assert response.status_code == status, seconds
        assert httpx.head(here).status_code == status, seconds
        if status == 200:
            age = int(response.headers["cache-control"].rpartition("=")[2])
            assert age <= DAY - seconds
    until(lambda: not server.files(), 90)


def test_a_link_may_ask_to_be_saved(url: str) -> None:
    for value, how in (("1", "attachment"), ("0", "inline"), ("", "inline")):
        response = httpx.get(f"{url}&download={value}")
        assert response.status_code == 200
        assert response.headers["content-disposition"] == f'{how}; filename="windstill.mp4"'
