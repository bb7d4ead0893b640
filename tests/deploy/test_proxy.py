"""The proxy of the compose file before a real object store: signed addresses survive it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
import pytest

from tests.deploy.files import DEPLOY
from tests.servers.nginx import nginx
from tests.servers.ports import free_port
from tests.servers.s3 import BUCKET, S3Server, nanio
from windstill.adapters.s3 import S3Blobs
from windstill.adapters.s3.client import connect

NAME = "results/0123456789abcdef.mp4"
VIDEO = b"0123456789" * 100


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with nanio(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(store: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The root address of the proxy, which passes the bucket on; there is no API behind it."""
    folder = tmp_path_factory.mktemp("proxy")
    port = free_port()
    text = (DEPLOY / "proxy" / "nginx.conf").read_text()
    for old, new in (
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("http://api:8080", f"http://127.0.0.1:{free_port()}"),
        ("http://s3:7070", store.endpoint),
        ("location /windstill/", f"location /{BUCKET}/"),
        ("/dev/stdout", f"{folder}/access.log"),
    ):
        assert old in text
        text = text.replace(old, new)
    with nginx(folder, text, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def blobs(store: S3Server, proxy: str) -> S3Blobs:
    blobs = S3Blobs(store.address(public_endpoint=proxy))
    blobs.put(NAME, VIDEO)
    return blobs


def test_a_link_leads_through_the_proxy(blobs: S3Blobs, proxy: str) -> None:
    link = blobs.link(NAME, expires_at=time.time() + 60)
    assert link.startswith(f"{proxy}/{BUCKET}/")
    answer = httpx.get(link)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.content == VIDEO
    part = httpx.get(link, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, VIDEO[10:20])


def test_only_signed_reading_gets_through(blobs: S3Blobs, proxy: str) -> None:
    link = blobs.link(NAME, expires_at=time.time() + 60)
    assert httpx.get(link.partition("?")[0]).status_code == 403
    assert httpx.get(f"{proxy}/{BUCKET}/").status_code == 403
    # Even with an address that is signed for it.
    store = connect(blobs.address, proxy, 5.0)
    for method in ("PUT", "DELETE"):
        signed = obstore.sign(store, method, NAME, timedelta(seconds=60))
        assert httpx.request(method, signed, content=b"mine").status_code == 403
    assert blobs.stat(NAME).size == len(VIDEO)


def test_what_is_for_operators_is_not_passed_on(proxy: str) -> None:
    for path in ("/metrics", "/livez", "/readyz"):
        assert httpx.get(proxy + path).status_code == 404
    # What is for everybody is; here nobody listens behind the proxy.
    assert httpx.get(f"{proxy}/").status_code == 502


def test_signatures_are_not_logged(blobs: S3Blobs, proxy: str, tmp_path: Path) -> None:
    link = blobs.link(NAME, expires_at=time.time() + 60)
    assert httpx.get(link).status_code == 200
    folders = [path.parent for path in tmp_path.parent.glob("proxy*/access.log")]
    logged = "".join((folder / "access.log").read_text() for folder in folders)
    assert NAME in logged
    assert "X-Amz" not in logged
