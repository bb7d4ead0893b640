"""What anybody may do with the address of an object, and what an object store shows meanwhile."""

from __future__ import annotations

import io
import re
import secrets
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import obstore
import pytest

from tests.jobs.conftest import until
from tests.servers.s3 import BUCKET, S3Server
from windstill.adapters.s3 import S3Blobs
from windstill.adapters.s3.client import connect
from windstill.jobs.errors import BlobMissing

NAME = "results/0123456789abcdef.mp4"
VIDEO = bytes(range(256)) * 4
DAY = 86_400.0


@pytest.fixture
def blobs(nanio_server: S3Server) -> S3Blobs:
    return S3Blobs(nanio_server.address(prefix=secrets.token_hex(8)))


@pytest.fixture
def link(blobs: S3Blobs) -> str:
    blobs.put(NAME, VIDEO, mime="video/mp4")
    return blobs.link(NAME, expires_at=time.time() + DAY)


def test_a_link_gives_the_bytes_their_type_and_a_name_to_anybody(link: str) -> None:
    answer = httpx.get(link)
    assert answer.status_code == 200
    assert answer.content == VIDEO
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == 'inline; filename="windstill.mp4"'
    assert answer.headers["cache-control"].startswith("private")


def test_a_link_gives_ranges_as_players_ask_for_them(link: str) -> None:
    answer = httpx.get(link, headers={"range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer.content == VIDEO[100:200]
    assert answer.headers["content-range"] == f"bytes 100-199/{len(VIDEO)}"


def other_name(link: str) -> str:
    return link.replace("abcdef.mp4", "abcdee.mp4")


def longer(link: str) -> str:
    return re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=600000", link)


def other_signature(link: str) -> str:
    return link[:-1] + ("0" if link[-1] != "0" else "1")


def anonymous(link: str) -> str:
    return link.partition("?")[0]


def listing(link: str) -> str:
    return link.replace(urlsplit(link).path, f"/{BUCKET}")


@pytest.mark.parametrize("spoil", [other_name, longer, other_signature, anonymous, listing])
def test_a_link_that_was_altered_is_refused(link: str, spoil: Callable[[str], str]) -> None:
    assert spoil(link) != link
    assert httpx.get(spoil(link)).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_link_only_reads(blobs: S3Blobs, link: str, method: str) -> None:
    assert httpx.request(method, link, content=b"mine").status_code == 403
    with blobs.open(NAME) as file:
        assert file.read() == VIDEO


def test_a_link_ends_when_its_time_is_over(blobs: S3Blobs) -> None:
    blobs.put(NAME, VIDEO)
    link = blobs.link(NAME, expires_at=time.time())  # the shortest that can be signed: a second
    with httpx.Client() as client:
        until(lambda: client.get(link).status_code != 200)
        answer = client.get(link)
    assert answer.status_code == 403
    assert "expired" in answer.text
    assert blobs.stat(NAME).size == len(VIDEO)


def test_a_link_lives_until_the_result_expires(blobs: S3Blobs) -> None:
    now = time.time()
    lifetimes = {}
    for seconds in (DAY, 90, -5, 30 * DAY):
        link = S3Blobs(blobs.address, clock=lambda: now).link(NAME, expires_at=now + seconds)
        found = re.search(r"X-Amz-Expires=(\d+)", link)
        assert found is not None
        lifetimes[seconds] = int(found[1])
    assert lifetimes == {DAY: 86_400, 90: 90, -5: 1, 30 * DAY: 7 * 86_400}


def test_links_lead_to_the_public_address(nanio_server: S3Server) -> None:
    port = urlsplit(nanio_server.endpoint).port
    public = f"http://localhost:{port}"
    address = nanio_server.address(prefix=secrets.token_hex(8), public_endpoint=public)
    blobs = S3Blobs(address)
    blobs.put(NAME, VIDEO)
    link = blobs.link(NAME, expires_at=time.time() + 60)
    assert blobs.origin == public
    assert link.startswith(f"{public}/{BUCKET}/")
    assert httpx.get(link).content == VIDEO
    # The host is signed, too.
    assert httpx.get(link.replace("localhost", "127.0.0.1")).status_code == 403


def test_a_secret_is_in_no_link(link: str, nanio_server: S3Server) -> None:
    assert nanio_server.address().secret_key not in link
    assert nanio_server.address().secret_key not in repr(nanio_server.address())


def test_half_an_upload_is_not_there(blobs: S3Blobs) -> None:
    store = connect(blobs.address, blobs.address.endpoint, 5.0)
    parts = urlsplit(obstore.sign(store, "PUT", NAME, timedelta(seconds=60)))
    assert parts.port is not None
    with socket.create_connection(("127.0.0.1", parts.port)) as connection:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        connection.sendall(f"{head}Content-Length: {len(VIDEO)}\r\n\r\n".encode() + VIDEO[:500])
        with pytest.raises(BlobMissing):
            blobs.stat(NAME)
        assert list(blobs.names()) == []
    with pytest.raises(BlobMissing):
        blobs.open(NAME)
    blobs.put(NAME, VIDEO)
    assert blobs.stat(NAME).size == len(VIDEO)


def test_a_large_file_goes_in_parts_and_comes_back(blobs: S3Blobs, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(secrets.token_bytes(1 << 20) * 20)
    assert blobs.put(NAME, large, mime="video/mp4").size == 20 << 20
    blobs.fetch(NAME, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()
    answer = httpx.head(_for_head(blobs))
    assert answer.headers["content-type"] == "video/mp4"


def test_a_blob_is_read_like_a_file(blobs: S3Blobs) -> None:
    blobs.put(NAME, VIDEO)
    with blobs.open(NAME) as file:
        assert file.seek(-6, io.SEEK_END) == len(VIDEO) - 6
        assert file.read() == VIDEO[-6:]
        assert file.read() == b""
        file.seek(2000)
        assert file.read(10) == b""
        file.seek(10)
        file.seek(5, io.SEEK_CUR)
        assert file.read(1) == VIDEO[15:16]
        with pytest.raises(ValueError, match="before the beginning"):
            file.seek(-1)
    assert file.closed


def test_what_goes_while_it_is_read_is_missing(blobs: S3Blobs) -> None:
    blobs.put(NAME, VIDEO)
    with blobs.open(NAME) as file:
        blobs.delete(NAME)
        with pytest.raises(BlobMissing):
            file.read(1)


def test_a_copy_never_replaces_a_file(blobs: S3Blobs, tmp_path: Path) -> None:
    blobs.put(NAME, VIDEO)
    (tmp_path / "kept").write_bytes(b"kept")
    with pytest.raises(Exception, match="File exists"):
        blobs.fetch(NAME, tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"kept"


def test_other_objects_of_the_bucket_are_left_alone(nanio_server: S3Server) -> None:
    prefix = secrets.token_hex(8)
    blobs = S3Blobs(nanio_server.address(prefix=prefix))
    beside = [S3Blobs(nanio_server.address(prefix=name)) for name in (prefix + "0", f"{prefix}/a")]
    for one in (blobs, *beside):
        one.put(NAME, VIDEO)
    store = connect(blobs.address, blobs.address.endpoint, 5.0)
    obstore.put(store, "results/notes.of.somebody", b"notes")
    assert blobs.sweep(set(), float("inf")) == [NAME]
    assert [one.stat(NAME).size for one in beside] == [len(VIDEO)] * 2
    assert obstore.head(store, "results/notes.of.somebody")["size"] == 5


def test_more_files_than_one_listing_holds_are_all_swept(blobs: S3Blobs) -> None:
    store = connect(blobs.address, blobs.address.endpoint, 5.0)
    names = [f"uploads/{number:032}" for number in range(1003)]
    for name in names:
        obstore.put(store, name, b"")
    assert [info.name for info in blobs.names()] == names
    assert blobs.sweep({names[7]}, float("inf")) == names[:7] + names[8:]
    assert [info.name for info in blobs.names()] == [names[7]]


def _for_head(blobs: S3Blobs) -> str:
    store = connect(blobs.address, blobs.address.endpoint, 5.0)
    return obstore.sign(store, "HEAD", NAME, timedelta(seconds=60))
