"""Animations over the native API, as its clients use it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.http import photos
from tests.http.native.asking import OBJECT, bearer, finished, post, problem
from tests.http.running import RunningServer, until
from tests.http.test_keys import keys
from windstill.options import Options


def get(server: RunningServer, path: str, secret: str = "", **query: Any) -> httpx.Response:
    return httpx.get(server.address + path, headers=bearer(server, secret), params=query)


def grey_png(level: int, width: int = 20, height: int = 10, **box: slice) -> bytes:
    """A matte of one level, or 0 but for rows and columns of `box`."""
    picture = np.zeros((height, width), np.uint8)
    picture[box.get("rows", slice(None)), box.get("columns", slice(None))] = level
    return photos.coded(Image.fromarray(picture), "PNG")


def frames_of(server: RunningServer, body: dict[str, Any]) -> np.ndarray:
    """All frames of a result, fetched by its link alone."""
    data = httpx.get(body["result"]["url"]).content
    assert len(data) == body["result"]["bytes"]
    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_a_photo_becomes_an_animation(server: RunningServer) -> None:
    body = finished(post(server, wait=30, strength="calm", operation="01"))
    assert (body["state"], body["stage"], body["fraction"], body["error"]) == (
        "succeeded", None, 1.0, None,
    )  # fmt: skip
    assert body["options"] == Options(strength="calm", operation="01", seconds=2, fps=8).as_dict()
    result = body["result"]
    assert (result["mime"], result["width"], result["height"]) == ("video/mp4", 96, 64)
    assert (result["frames"], result["fps"], result["seconds"]) == (16, 8.0, 2.0)
    assert result["moved"].keys() == {"sky"}
    assert body["created_at"] < body["started_at"] < body["finished_at"] < body["expires_at"]
    assert frames_of(server, body).shape == (16, 64, 96, 3)


def test_without_waiting_the_answer_comes_at_once_and_the_job_goes_on(
    server: RunningServer,
) -> None:
    response = post(server)
    assert response.status_code == 202
    body = response.json()
    assert body.keys() == OBJECT
    assert body["state"] in ("queued", "running")
    with server.client(headers=bearer(server)) as client:

        def seen() -> dict[str, Any]:
            told: dict[str, Any] = client.get(response.headers["location"]).json()
            return told

        until(lambda: seen()["state"] == "succeeded")
        assert seen()["result"]["url"].startswith(server.address)


def test_a_failure_is_told_as_a_problem_within_the_animation(server: RunningServer) -> None:
    body = finished(post(server, photos.jpeg()[:600], wait=30))
    assert (body["state"], body["result"]) == ("failed", None)
    assert (body["error"]["code"], body["error"]["field"]) == ("corrupt_photo", "image")
    assert body["error"]["status"] == 422


@pytest.mark.parametrize(
    ("texts", "status", "code", "field"),
    [
        ({"strength": "gale"}, 400, "invalid_option", "strength"),
        ({"seconds": "99"}, 400, "invalid_option", "seconds"),
        ({"fps": "many"}, 400, "invalid_option", "fps"),
        ({"wind": "sideways"}, 400, "invalid_option", "wind"),
        ({"operation": "12"}, 400, "invalid_option", "operation"),
        ({"priority": "highest"}, 400, "invalid_field", "priority"),
        ({"colour": "red"}, 400, "invalid_field", "colour"),
    ],
)
def test_what_is_not_allowed_is_named(
    server: RunningServer, texts: dict[str, str], status: int, code: str, field: str
) -> None:
    body = problem(post(server, **texts), status, code, field)
    assert ("allowed" in body) == (field != "colour")


def test_what_is_no_photo_is_refused(server: RunningServer) -> None:
    problem(post(server, b"no photo"), 415, "not_a_photo", "image")
    problem(post(server, b""), 400, "empty_field", "image")
    problem(post(server, b"GIF89a" + bytes(60)), 415, "unsupported_format", "image")
    answer = httpx.post(
        f"{server.address}/v1/animations",
        headers={**bearer(server), "Content-Type": "image/jpeg"},
        content=photos.jpeg(),
    )
    problem(answer, 400, "broken_body")
    answer = httpx.post(f"{server.address}/v1/animations", headers=bearer(server))
    problem(answer, 400, "missing_field", "image")


def test_a_key_is_needed(server: RunningServer) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {server.key}"},
    ):
        answer = httpx.get(f"{server.address}/v1/animations", headers=headers)
        problem(answer, 401, "unknown_key")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = httpx.get(f"{server.address}/v1/animations", headers=server.headers)
    assert answer.status_code == 200


def test_wrong_addresses_and_methods_are_problems_too(server: RunningServer) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/animations/x/y"):
        problem(httpx.get(server.address + path), 404, "not_found")
    answer = httpx.put(f"{server.address}/v1/animations")
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert "error_code" in httpx.get(f"{server.address}/api/v1").json()


def test_another_keys_animation_is_not_there(server: RunningServer) -> None:
    body = finished(post(server, wait=30))
    stranger = keys(server, "create", "native stranger")["secret"]
    path = f"/v1/animations/{body['id']}"
    problem(get(server, path, stranger), 404, "unknown_job")
    answer = httpx.delete(server.address + path, headers=bearer(server, stranger))
    problem(answer, 404, "unknown_job")
    assert get(server, "/v1/animations", stranger).json() == {"animations": [], "next": None}
    assert get(server, path).json()["id"] == body["id"]


def test_equal_requests_with_one_idempotency_key_make_one_job(server: RunningServer) -> None:
    headers = {"Idempotency-Key": "the same"}
    with ThreadPoolExecutor(16) as workers:
        answers = list(workers.map(lambda _: post(server, headers=headers), range(50)))
    assert {answer.status_code for answer in answers} <= {201, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    answer = post(server, headers=headers, strength="windy")
    problem(answer, 422, "idempotency_conflict", "idempotency_key")
    answer = post(server, headers=headers, files={"sky_matte": grey_png(0)})
    problem(answer, 422, "idempotency_conflict", "idempotency_key")


def test_a_keys_animations_are_listed_in_pages(server: RunningServer) -> None:
    secret = keys(server, "create", "native lister")["secret"]
    made = [post(server, secret=secret).json()["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = get(server, "/v1/animations", secret, **query).json()
        seen += [entry["id"] for entry in page["animations"]]
        cursor = page["next"]
    assert seen == made[::-1]
    for name, value in (("limit", "0"), ("limit", "x"), ("cursor", "x"), ("cursor", "é")):
        problem(get(server, "/v1/animations", **{name: value}), 400, "invalid_field", name)


def test_a_waiting_animation_can_be_cancelled(server: RunningServer) -> None:
    path = f"{server.address}/v1/animations/"
    made = [post(server, photos.jpeg(640, 420), seconds="8") for _ in range(4)]
    answers = [
        httpx.delete(path + one.json()["id"], headers=bearer(server), timeout=30) for one in made
    ]
    assert {answer.json()["state"] for answer in answers} <= {"cancelled", "expired"}
    assert answers[-1].json()["state"] == "cancelled"
    assert answers[-1].json()["error"] is None


def test_the_callers_matte_decides_what_moves(server: RunningServer) -> None:
    photo = photos.coded(photos.scene(128, 96), "PNG")
    left = grey_png(255, columns=slice(0, 10))
    body = finished(post(server, photo, wait=30, files={"sky_matte": left}, strength="windy"))
    share = body["result"]["moved"]["sky"]["share"]
    assert 0.4 < share < 0.6
    nothing = {"sky_matte": grey_png(0), "hair_matte": grey_png(0)}
    body = finished(post(server, photo, wait=30, files=nothing, operation="11"))
    assert {entry["motion"] for entry in body["result"]["moved"].values()} == {"none"}


def test_a_matte_that_is_none_is_named(server: RunningServer) -> None:
    problem(post(server, files={"sky_matte": b"x"}), 422, "invalid_matte", "sky_matte")
    cut = grey_png(255)[:-30]
    body = finished(post(server, wait=30, files={"hair_matte": cut}))
    assert (body["error"]["code"], body["error"]["field"]) == ("invalid_matte", "hair_matte")
    uploads = server.data / "blobs" / "uploads"
    assert uploads.is_dir()
    until(lambda: not list(uploads.iterdir()))


def test_what_can_be_asked_for_is_told_to_anybody(server: RunningServer) -> None:
    body = httpx.get(f"{server.address}/v1/options").json()
    names = [option["name"] for option in body["options"]]
    assert names == [*Options().as_dict(), "poster", "must_move"]
    assert body["limits"]["image"]["bytes"] == 32 * 2**20
    assert body["formats"]["mp4"]["mime"] == "video/mp4"
