"""Server-side request forgery through the API itself: no spelling, redirect or hidden name makes
the service ask what only it can reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.http import photos
from tests.http.native.asking import bearer, post
from tests.http.native.receiving import Receiver, receiver
from tests.http.native.test_guard import FORBIDDEN
from tests.http.running import RunningServer, until


@pytest.fixture
def inside() -> Iterator[Receiver]:
    """What must not be asked, on the loopback address."""
    with receiver() as found:
        found.answers["/"] = [(200, {}, photos.jpeg())]
        yield found


def test_no_spelling_reaches_the_inside(sturdy: RunningServer, inside: Receiver) -> None:
    port = inside.address.rpartition(":")[2]
    spellings = [spelling.replace("{port}", port) for spelling in FORBIDDEN]
    assert len(spellings) >= 60

    def photo_from(url: str) -> httpx.Response:
        return httpx.post(
            f"{sturdy.address}/v1/animations",
            headers=bearer(sturdy),
            json={"image_url": url},
            timeout=60,
        )

    def told_to(url: str) -> httpx.Response:
        return post(sturdy, b"no photo", webhook=url)

    with ThreadPoolExecutor(4) as pool:  # as many as one key may fetch at once
        fetched, told = list(pool.map(photo_from, spellings)), list(pool.map(told_to, spellings))
    for spelling, answer in zip(spellings, fetched, strict=True):
        assert answer.status_code == 422, (spelling, answer.text)
        assert (answer.json()["code"], answer.json()["field"]) == ("unreachable", "image_url")
        assert "127.0.0.1" not in answer.json()["detail"]
    # Names are resolved when a message is sent; everything else is refused at once.
    codes = {answer.json()["code"] for answer in told}
    assert codes == {"unreachable", "not_a_photo"}
    late = [
        spelling
        for spelling, answer in zip(spellings, told, strict=True)
        if answer.json()["code"] == "not_a_photo"
    ]
    jobs = {post(sturdy, photos.jpeg()[:600], webhook=url).json()["id"] for url in late}
    until(lambda: jobs <= undelivered(sturdy))
    assert inside.heard == []


def undelivered(server: RunningServer) -> set[str]:
    """The jobs of which a message could not be delivered so far."""
    return {record["job"] for record in server.records("a webhook was not delivered")}
