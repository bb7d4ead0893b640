"""What no honest client sends to the native API: each refused as a problem, nothing left behind."""

from __future__ import annotations

import struct
import zlib

import httpx
import pytest

from tests.http import forms, photos
from tests.http.native.asking import bearer, finished, post, problem
from tests.http.running import RunningServer, until

PATH = "/v1/animations"


def send(server: RunningServer, body: bytes, **headers: str) -> httpx.Response:
    given = {**bearer(server), **forms.content_type(), **headers}
    return httpx.post(server.address + PATH, headers=given, content=body, timeout=60)


def bomb(side: int) -> bytes:
    """A small PNG of side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 1)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_forms_that_are_too_much(server: RunningServer) -> None:
    image = forms.image(photos.jpeg())
    texts = [forms.operation("2", 'name="seconds"')] * 10_000
    problem(send(server, forms.form(image, *texts)), 400, "too_many_parts")
    problem(send(server, forms.form(image, image)), 400, "too_many_files", "image")
    twice = [forms.operation(value, 'name="seconds"') for value in ("2", "3")]
    problem(send(server, forms.form(image, *twice)), 400, "invalid_option", "seconds")
    long = forms.operation("9" * 100_000, 'name="seed"')
    problem(send(server, forms.form(image, long)), 400, "invalid_option", "seed")
    problem(send(server, forms.form(image, end=b"")), 400, "broken_body")
    problem(send(server, bytes(103 * 2**20)), 413, "body_too_large")


def test_names_lead_nowhere(server: RunningServer) -> None:
    for name in ("../../etc/passwd", "a\\..\\b", "x" * 2000, "\u202e.jpg"):
        part = forms.image(photos.jpeg(), f'name="image"; filename="{name}"')
        assert send(server, forms.form(part)).status_code == 202
    for name in ("extras", "photo", "../sky_matte", "log", "sky_matte/../x"):
        part = forms.image(photos.jpeg(), f'name="{name}"; filename="x"')
        answer = send(server, forms.form(forms.image(photos.jpeg()), part))
        problem(answer, 400, "invalid_field", name)


@pytest.mark.parametrize("name", ["é", "%00", "%2e%2e", "x" * 3000, "-1", "%20", "{id}"])
def test_ids_that_are_none(server: RunningServer, name: str) -> None:
    for path in (f"{PATH}/{name}", f"{PATH}/{name}/events"):
        answer = httpx.get(server.address + path, headers=bearer(server))
        assert answer.status_code == 404
        assert answer.json()["code"] in ("unknown_job", "not_found")


@pytest.mark.parametrize("key", ["", "x" * 256, "\x7f", "tab\there"])
def test_idempotency_keys_that_are_none(server: RunningServer, key: str) -> None:
    answer = post(server, headers={"Idempotency-Key": key})
    problem(answer, 400, "invalid_option", "idempotency_key")


@pytest.mark.parametrize(
    "wait", ["wait=-1", "wait", "wait=1e9", "respond-async", "wait=x", "=", "wait=;"]
)
def test_preferences_that_mean_nothing_are_ignored(server: RunningServer, wait: str) -> None:
    answer = post(server, headers={"Prefer": wait})
    assert answer.status_code in (201, 202)
    assert "preference-applied" not in answer.headers


def test_bombs_are_refused_by_their_field(server: RunningServer) -> None:
    large = bomb(12_000)
    body = finished(post(server, large, wait=30))
    assert (body["error"]["code"], body["error"]["field"]) == ("photo_too_large", "image")
    body = finished(post(server, files={"sky_matte": large}, wait=30))
    assert (body["error"]["code"], body["error"]["field"]) == ("invalid_matte", "sky_matte")


def test_nothing_is_left_behind(server: RunningServer) -> None:
    def unfinished() -> bool:
        answer = httpx.get(f"{server.address}{PATH}?limit=100", headers=bearer(server)).json()
        return any(one["finished_at"] is None for one in answer["animations"])

    until(lambda: not unfinished())
    until(lambda: not [path for path in server.files() if path.parent.name == "uploads"])
    assert not [path for path in server.files() if "work" in path.parts]
