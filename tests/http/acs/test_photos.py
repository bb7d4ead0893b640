"""Photos are fetched within their limits; what can't be used is told by its code alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.http.acs.signing import Signer, loop_address, refusal
from tests.http.native.receiving import Receiver
from tests.http.running import RunningServer, until

ADDRESSES = {
    "Chinese characters": "http://h/图.jpg",
    "another scheme": "ftp://h/a.jpg",
    "no scheme": "photo.jpg",
    "a space": "http://h/a b.jpg",
    "who asks": "http://user:pass@h/a.jpg",
    "a port of another service": "http://127.0.0.1:25/a.jpg",
    "too long": "http://h/" + "a" * 2000,
    "no host": "http:///a.jpg",
}

FILES = {
    "/none.jpg": "InvalidFile.Download",
    "/heavy.jpg": "InvalidFile.Size",
    "/page.html": "InvalidFile.Type",
    "/film.gif": "InvalidFile.Type",
    "/empty.jpg": "InvalidFile.Type",
    "/damaged.jpg": "InvalidFile.Decode",
    "/tiny.jpg": "InvalidFile.Resolution",
    "/wide.jpg": "InvalidFile.Resolution",
}

PLACES = {
    "unknown": "http://nowhere.invalid/a.jpg",
    "private": "http://10.0.0.1/a.jpg",
    "nobody listens": "http://127.0.0.1:1024/a.jpg",
    "no TLS": None,
}


@pytest.mark.parametrize("url", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_an_address_that_is_none_is_refused(anna: Signer, url: str) -> None:
    assert refusal(anna.acs3(anna.form(Url=url))) == (400, "InvalidFile.URL")


@pytest.mark.parametrize(("path", "code"), FILES.items())
def test_a_file_that_can_not_be_used_is_refused(
    anna: Signer, album: Receiver, path: str, code: str
) -> None:
    assert refusal(anna.acs3(anna.form(Url=album.address + path))) == (400, code)


@pytest.mark.parametrize("place", PLACES)
def test_why_a_place_can_not_be_reached_is_not_told(
    anna: Signer, album: Receiver, place: str
) -> None:
    url = PLACES[place] or album.address.replace("http://", "https://") + "/photo.jpg"
    answer = anna.acs3(anna.form(Url=url))
    assert refusal(answer) == (400, "InvalidFile.Download")
    assert answer.json()["Message"] == "The file can't be downloaded."


@pytest.mark.parametrize("path", ["/photo.png", "/photo.bmp", "/moved.jpg"])
def test_other_photos_are_fetched(anna: Signer, album: Receiver, path: str) -> None:
    assert loop_address(anna.acs3(anna.form(Url=album.address + path)))


def test_a_signed_address_is_passed_on_byte_for_byte(anna: Signer, album: Receiver) -> None:
    path = "/photo.jpg?Expires=1&OSSAccessKeyId=a%2Bb&Signature=x%2By%2Fz%3D&x=%e5+%7e~"
    album.answers[path] = album.answers["/photo.jpg"]
    assert loop_address(anna.acs3(anna.form(Url=album.address + path)))
    assert album.heard[-1][0] == path


def test_a_photo_with_nothing_to_move_stands_still(anna: Signer, album: Receiver) -> None:
    answer = anna.acs3(anna.form(Url=f"{album.address}/plain.jpg"))
    assert loop_address(answer)
    assert answer.headers["x-windstill-warning"] == "no_sky"


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=take)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/photo.jpg"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()


@pytest.mark.slow
def test_a_place_that_does_not_answer_is_given_up(anna: Signer, silent: str) -> None:
    assert refusal(anna.acs3(anna.form(Url=silent))) == (400, "InvalidFile.Download")


def test_the_log_has_the_key_and_nothing_secret(
    anna: Signer, signed: RunningServer, album: Receiver
) -> None:
    album.answers["/photo.jpg?token=hush"] = album.answers["/photo.jpg"]
    answer = anna.rpc(anna.form(Url=f"{anna.photo}?token=hush"), place="query", method="GET")
    loop_address(answer)
    request_id = answer.headers["x-acs-request-id"]

    def lines() -> list[dict[str, Any]]:
        return [line for line in signed.records("request") if line["request_id"] == request_id]

    until(lambda: bool(lines()))
    (line,) = lines()
    assert (line["access"], line["action"]) == (anna.key_id, "GenerateDynamicImage")
    log = "".join(signed.log)
    for hidden in (
        anna.secret,
        "hush",
        "Signature=",
        httpx.URL(str(answer.url)).params["Signature"],
    ):
        assert hidden not in log
