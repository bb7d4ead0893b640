"""The commonest mistakes of programs are answered with words that put them right."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator

import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import refused
from tests.http.running import ANIMATE, RunningServer, start_server

PHOTO = photos.jpeg()
BASE64 = base64.b64encode(PHOTO)
NATIVE = "/v1/animations"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = start_server(tmp_path_factory.mktemp("mistakes"))
    yield running
    assert running.stop() == 0


def compatible(server: RunningServer, **sent: object) -> str:
    """The message about a request to the compatible API."""
    sent.setdefault("headers", server.headers)
    answer = httpx.post(server.address + ANIMATE, timeout=60, **sent)
    assert 400 <= answer.status_code < 500
    return json.dumps(answer.json())


def native(server: RunningServer, **sent: object) -> str:
    """The message about a request to the native API."""
    sent.setdefault("headers", {"authorization": f"Bearer {server.key}"})
    answer = httpx.post(server.address + NATIVE, timeout=60, **sent)
    assert 400 <= answer.status_code < 500
    return str(answer.json()["detail"])


@pytest.mark.parametrize("name", ["file", "image[]", "Image", "photo", "IMAGE"])
def test_a_part_of_another_name(server: RunningServer, name: str) -> None:
    files = {name: ("photo.jpg", PHOTO)}
    said = compatible(server, files=files, data={"operation": "11"})
    assert f"you sent '{name}'; the field is image" in said
    assert native(server, files=files) == f"You sent '{name}'; the field is image."


def test_an_option_in_another_case(server: RunningServer) -> None:
    said = native(server, files={"image": PHOTO}, data={"Seconds": "4"})
    assert said == "You sent 'Seconds'; the field is seconds."
    said = native(server, files={"image": PHOTO}, data={"colour": "4"})
    assert said.startswith("There is no field 'colour'; allowed are image")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", PHOTO)
    return file.getvalue()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (BASE64, "base64, that is text"),
        (b"data:image/jpeg;base64," + BASE64, "a data URL, that is text"),
        (base64.encodebytes(photos.coded(photos.scene(), "PNG")), "base64, that is text"),
        (b"<!DOCTYPE html><title>404</title>", "a web page (HTML)"),
        (b'{"image": "..."}', "JSON"),
        (zipped(), "a ZIP archive"),
        (gzip.compress(PHOTO), "compressed with gzip"),
    ],
    ids=["base64", "data URL", "base64 of PNG", "HTML", "JSON", "ZIP", "gzip"],
)
def test_something_else_than_the_photos_bytes(
    server: RunningServer, sent: bytes, words: str
) -> None:
    said = compatible(server, files={"image": sent}, data={"operation": "11"})
    assert f"The file is {words}" in said
    assert words in native(server, files={"image": sent})


def test_a_compressed_body(server: RunningServer) -> None:
    words = "The body is compressed (Content-Encoding: gzip); send it uncompressed."
    coding = {"content-encoding": "gzip", "content-type": "multipart/form-data; boundary=x"}
    body = gzip.compress(b"--x--")
    assert words in compatible(server, content=body, headers={**server.headers, **coding})
    bearer = {"authorization": f"Bearer {server.key}"}
    assert native(server, content=body, headers={**bearer, **coding}) == words
    as_json = {**bearer, **coding, "content-type": "application/json"}
    assert native(server, content=gzip.compress(b"{}"), headers=as_json) == words


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream"])
def test_a_raw_body(server: RunningServer, kind: str) -> None:
    headers = {**server.headers, "content-type": kind}
    said = compatible(server, content=PHOTO, headers=headers)
    assert f"it is {kind}. Send the photo not as the body itself but in a form with" in said


def test_json_where_a_form_belongs(server: RunningServer) -> None:
    said = compatible(server, json={"image": BASE64.decode(), "operation": "11"})
    assert "it is application/json. Send the photo's bytes" in said
    assert "the parts image (a file) and operation" in said


@pytest.mark.parametrize(
    ("headers", "query", "place"),
    [
        ({"authorization": "Bearer KEY"}, "", "the header Authorization"),
        ({"x-api-key": "KEY"}, "", "the header X-Api-Key"),
        ({}, "?api_key=KEY", "the address, as api_key"),
    ],
)
def test_a_key_in_another_place(
    server: RunningServer, headers: dict[str, str], query: str, place: str
) -> None:
    given = {name: value.replace("KEY", server.key) for name, value in headers.items()}
    address = server.address + ANIMATE + query.replace("KEY", server.key)
    answer = httpx.post(address, headers=given, files={"image": PHOTO}, timeout=60)
    refused(answer, answer.status_code, "ERROR_APPLICATIONS_NOT_EXISTS")
    assert f"What looks like one is in {place}." in answer.text
    assert server.key not in answer.text


def test_a_bearer_token_without_its_word(server: RunningServer) -> None:
    said = native(server, files={"image": PHOTO}, headers={"authorization": server.key})
    assert "in the header Authorization, without the word Bearer" in said
    said = native(server, files={"image": PHOTO}, headers={"x-api-key": server.key})
    assert "What looks like one is in the header X-Api-Key." in said
    assert "What looks like" not in native(server, files={"image": PHOTO}, headers={})
