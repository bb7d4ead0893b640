"""Posters, repeated loops, motion that must be, mattes at full size, results that are too large."""

from __future__ import annotations

import io
import zipfile

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.http import photos
from tests.http.native.asking import finished, post, problem
from tests.http.native.test_animations import frames_of, grey_png
from tests.http.running import RunningServer, until
from tests.http.test_keys import keys, pool

MATTES = "/v1/mattes"


def picture(address: str) -> Image.Image:
    return Image.open(io.BytesIO(httpx.get(address).content))


@pytest.mark.parametrize(("poster", "kind"), [("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
def test_a_poster_is_the_first_frame(server: RunningServer, poster: str, kind: str) -> None:
    body = finished(post(server, wait=30, operation="1", poster=poster))
    made = picture(body["result"]["poster"])
    assert (made.format, made.size) == (kind, (96, 64))
    first = frames_of(server, body)[0].astype(int)
    assert np.abs(np.asarray(made.convert("RGB"), int) - first).mean() < 6
    assert finished(post(server, wait=30))["result"]["poster"] is None


def test_the_poster_goes_with_its_animation(server: RunningServer) -> None:
    body = finished(post(server, wait=30, poster="jpg"))
    server.move_clock(25 * 3600)
    try:
        until(lambda: httpx.get(body["result"]["poster"]).status_code == 404)
        until(lambda: not [path for path in server.files() if path.suffix == ".jpg"])
    finally:
        server.move_clock(0)


def test_a_loop_is_repeated_to_a_length(server: RunningServer) -> None:
    body = finished(post(server, wait=30, operation="1", repeat_to="7"))
    assert (body["result"]["seconds"], body["result"]["repeats"]) == (2.0, 4)
    frames = frames_of(server, body)
    assert len(frames) == 64
    np.testing.assert_array_equal(frames[:16], frames[16:32])


def test_what_must_move_and_can_not_is_a_failure(server: RunningServer) -> None:
    still = photos.coded(photos.plain(), "JPEG")
    body = finished(post(server, still, wait=30, must_move="true"))
    assert (body["state"], body["error"]["code"]) == ("failed", "nothing_to_move")
    assert body["error"]["field"] == "image"
    moving = {"sky_matte": grey_png(255)}
    assert finished(post(server, wait=30, must_move="true", files=moving))["result"]
    black = {"sky_matte": grey_png(0), "hair_matte": grey_png(0)}
    body = finished(post(server, wait=30, must_move="true", files=black))
    assert body["error"]["code"] == "nothing_to_move"


@pytest.mark.parametrize(("field", "value"), [("poster", "gif"), ("must_move", "maybe")])
def test_what_is_not_allowed_is_named(server: RunningServer, field: str, value: str) -> None:
    body = problem(post(server, **{field: value}), 400, "invalid_option", field)
    assert value in body["detail"]
    assert body["allowed"]


def test_mattes_have_the_photos_size_and_can_be_given_back(server: RunningServer) -> None:
    secret = keys(server, "create", "cutter", "--credits", "1")["secret"]
    photo = photos.jpeg(1400, 900)
    response = post(server, photo, path=MATTES, secret=secret)
    assert response.status_code == 201, response.text
    body = response.json()
    assert body.keys() == {
        "id", "width", "height", "photo_width", "photo_height", "found", "expires_at", "sky",
        "hair",
    }  # fmt: skip
    assert (body["width"], body["height"]) == (1400, 900)
    sky, hair = picture(body["sky"]), picture(body["hair"])
    assert (sky.mode, sky.size, hair.size) == ("L", (1400, 900), (1400, 900))
    assert np.asarray(sky).mean() / 255 == pytest.approx(body["found"]["sky"], abs=0.01)
    assert pool(server, secret)["balance"] == 1.0
    given = {"sky_matte": httpx.get(body["sky"]).content}
    again = post(server, photo, path=MATTES, files=given).json()
    assert again["found"]["sky"] == pytest.approx(body["found"]["sky"], abs=0.002)


def test_mattes_of_what_is_no_photo_are_a_problem(server: RunningServer) -> None:
    problem(post(server, photos.jpeg()[:600], path=MATTES), 422, "corrupt_photo", "image")
    problem(post(server, path=MATTES, seconds="4"), 400, "invalid_field", "seconds")


def test_a_photo_carries_its_loop(server: RunningServer) -> None:
    body = finished(post(server, wait=30, operation="1", format="motion_photo"))
    result = body["result"]
    assert (result["mime"], result["frames"]) == ("image/jpeg", 16)
    answer = httpx.get(result["url"] + "&download=1")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == 'attachment; filename="windstillMP.jpg"'
    assert len(answer.content) == result["bytes"]
    film = httpx.get(finished(post(server, wait=30, operation="1"))["result"]["url"]).content
    assert answer.content.endswith(film)
    assert Image.open(io.BytesIO(answer.content)).size == (96, 64)


def test_a_loop_for_the_web_comes_as_a_page_or_as_files(server: RunningServer) -> None:
    asked = {"wait": 30, "operation": "1", "fps": 24}
    page = httpx.get(finished(post(server, format="html", **asked))["result"]["url"])
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == "sandbox allow-scripts"
    assert 'alt="A photo with a drifting sky"' in page.text
    body = finished(post(server, format="web", poster="jpg", **asked))
    assert httpx.get(body["result"]["poster"]).headers["content-type"] == "image/jpeg"
    with zipfile.ZipFile(io.BytesIO(httpx.get(body["result"]["url"]).content)) as archive:
        assert "photo.loop" in archive.namelist()
    problem(post(server, format="web", fps=30), 400, "invalid_option", "fps")


def test_a_live_photo_comes_as_a_pair(server: RunningServer) -> None:
    body = finished(post(server, wait=30, operation="1", format="live_photo"))
    answer = httpx.get(body["result"]["url"])
    assert answer.headers["content-type"] == body["result"]["mime"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["loop.jpg", "loop.mov"]
    refused = post(server, operation="1", format="live_photo", codec="av1")
    problem(refused, 400, "invalid_option", "codec")
