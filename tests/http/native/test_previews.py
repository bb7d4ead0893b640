"""Previews over the native API."""

from __future__ import annotations

import io

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.http import photos
from tests.http.native.asking import bearer, post, problem
from tests.http.native.test_animations import grey_png
from tests.http.running import RunningServer, until
from tests.http.test_keys import keys, pool

PATH = "/v1/previews"


def test_a_photo_is_previewed_for_nothing(server: RunningServer) -> None:
    secret = keys(server, "create", "previewer", "--credits", "1")["secret"]
    response = post(server, photos.jpeg(1400, 900), path=PATH, secret=secret, wind="left")
    assert response.status_code == 201, response.text
    body = response.json()
    assert body.keys() == {
        "id", "width", "height", "photo_width", "photo_height", "found", "expires_at", "mattes",
        "motion", "photo",
    }  # fmt: skip
    assert body["photo"] is None
    assert (body["photo_width"], body["photo_height"]) == (1400, 900)
    assert (body["width"], body["height"]) == (1024, 658)
    mattes = np.asarray(Image.open(io.BytesIO(httpx.get(body["mattes"]).content)))
    assert mattes.shape == (658, 1024, 3)
    assert mattes[..., 0].mean() / 255 == pytest.approx(body["found"]["sky"], abs=0.01)
    motion = httpx.get(body["motion"])
    assert len(motion.content) > 1000
    assert motion.headers["content-type"] == "application/octet-stream"
    assert pool(server, secret)["balance"] == 1.0
    listed = httpx.get(f"{server.address}/v1/animations", headers=bearer(server, secret)).json()
    assert listed["animations"] == []
    path = f"{server.address}/v1/animations/{body['id']}"
    problem(httpx.get(path, headers=bearer(server, secret)), 404, "unknown_job")


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "HEIC"])
def test_photos_that_not_every_browser_shows_come_as_jpeg(server: RunningServer, kind: str) -> None:
    if kind == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
    photo = photos.coded(photos.scene(300, 200), {"HEIC": "HEIF"}.get(kind, kind))
    body = post(server, photo, path=PATH).json()
    shown = httpx.get(body["photo"])
    assert shown.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(shown.content)).size == (300, 200)


def test_the_callers_mattes_are_taken(server: RunningServer) -> None:
    files = {"sky_matte": grey_png(255, columns=slice(0, 5)), "hair_matte": grey_png(0)}
    body = post(server, path=PATH, files=files).json()
    assert body["found"]["sky"] == pytest.approx(0.25, abs=0.03)
    assert body["found"]["hair"] == 0


def test_what_can_not_be_previewed_is_a_problem(server: RunningServer) -> None:
    problem(post(server, photos.jpeg()[:600], path=PATH), 422, "corrupt_photo", "image")
    problem(post(server, b"no photo", path=PATH), 415, "not_a_photo", "image")
    problem(post(server, path=PATH, seconds="4"), 400, "invalid_field", "seconds")
    problem(post(server, path=PATH, strength="gale"), 400, "invalid_option", "strength")
    cut = {"sky_matte": grey_png(255)[:-30]}
    problem(post(server, path=PATH, files=cut), 422, "invalid_matte", "sky_matte")


def test_both_files_go_when_their_time_is_over(server: RunningServer) -> None:
    body = post(server, path=PATH).json()
    server.move_clock(3601)
    try:
        for address in (body["mattes"], body["motion"]):
            assert httpx.get(address).status_code == 404
        until(lambda: not [path for path in server.files() if path.suffix in (".png", ".bin")])
    finally:
        server.move_clock(0)
