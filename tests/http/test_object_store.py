"""A service whose files are in an object store, from the request to the download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import succeeded
from tests.http.running import RunningServer, until
from tests.servers.s3 import BUCKET, S3Server, nanio
from windstill.adapters.s3 import S3Blobs

Launch = Callable[..., RunningServer]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[S3Server]:
    with nanio(tmp_path / "store") as server:
        yield server


def settings_of(store: S3Server) -> dict[str, object]:
    address = store.address()
    return {
        "storage": f"s3://{BUCKET}/loops",
        "s3_endpoint": address.endpoint,
        "s3_access_key": address.access_key,
        "s3_secret_key": address.secret_key,
    }


def test_results_are_fetched_from_the_store_and_nothing_else_stays(
    store: S3Server, launch: Launch
) -> None:
    server = launch(**settings_of(store))
    url = succeeded(server.animate(photos.jpeg(160, 120), "01"))["data"]["url"]
    assert url.startswith(f"{store.endpoint}/{BUCKET}/loops/results/")
    video = httpx.get(url)
    assert (video.status_code, video.headers["content-type"]) == (200, "video/mp4")
    assert video.content[4:8] == b"ftyp"
    assert httpx.get(url, headers={"range": "bytes=0-9"}).content == video.content[:10]
    assert httpx.get(url.partition("?")[0]).status_code == 403
    # The upload has gone, and nothing lies on the service's own disk.
    blobs = S3Blobs(store.address(prefix="loops"))
    only = [urlsplit(url).path]
    until(lambda: [f"/{BUCKET}/loops/{info.name}" for info in blobs.names()] == only)
    until(lambda: not server.files())
    # Links to the service's own folder do not exist here.
    assert httpx.get(f"{server.address}/files/results/abc.mp4").status_code == 404
    log = "".join(server.log)
    assert store.address().secret_key not in log
    assert "X-Amz-Signature" not in log


def test_the_page_may_load_from_the_store(store: S3Server, launch: Launch) -> None:
    server = launch(**settings_of(store), s3_public_endpoint="https://files.example.org")
    policy = httpx.get(server.address).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for name in ("img-src", "media-src", "connect-src"):
        assert "https://files.example.org" in rules[name].split()
    assert rules["script-src"] == "'self'"


def test_a_store_that_is_gone_is_a_refusal_until_it_is_back(launch: Launch, tmp_path: Path) -> None:
    with nanio(tmp_path / "store") as store:
        server = launch(**settings_of(store))
    answer = server.animate(photos.jpeg(160, 120), "01")
    assert answer.status_code in (502, 503)
    assert store.endpoint not in answer.text
    until(lambda: readiness(server)[0] == 503)
    assert readiness(server)[1] == [
        "The object store can't be reached, or does not answer in time."
    ]
    assert httpx.get(f"{server.address}/livez").status_code == 200
    with nanio(tmp_path / "store", port=urlsplit(store.endpoint).port or 0):
        until(lambda: readiness(server) == (200, []))
        succeeded(server.animate(photos.jpeg(160, 120), "01"))


def readiness(server: RunningServer) -> tuple[int, list[str]]:
    answer = httpx.get(f"{server.address}/readyz")
    return answer.status_code, answer.json()["problems"]
