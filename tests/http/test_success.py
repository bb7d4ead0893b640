"""Every way in which clients send a photo is answered with the link to a video."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import av
import httpx
import pytest

from tests.http import forms, photos
from tests.http.envelopes import succeeded
from tests.http.running import ANIMATE, RunningServer
from windstill.photo import COMPATIBLE_LIMITS

MIB_3 = COMPATIBLE_LIMITS.max_bytes
DISPOSITION = "Content-Disposition: form-data; "


def url_of(response: httpx.Response) -> str:
    body = succeeded(response)
    assert set(body["data"]) == {"url"}
    return body["data"]["url"]


def send(server: RunningServer, body: bytes, path: str = ANIMATE) -> httpx.Response:
    headers = {**server.headers, **forms.content_type()}
    return httpx.post(server.address + path, content=body, headers=headers, timeout=60)


def test_answers_a_playable_video_with_the_documented_shape(server: RunningServer) -> None:
    response = server.animate(photos.jpeg(160, 120), "01")
    body = succeeded(response)
    assert list(body) == [
        "request_id",
        "log_id",
        "error_code",
        "error_code_str",
        "error_msg",
        "error_detail",
        "data",
    ]
    video = httpx.get(body["data"]["url"])
    assert video.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(video.content)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert (stream.width, stream.height, stream.codec.name) == (160, 120, "h264")
        assert stream.pix_fmt == "yuv420p"
        assert len(frames) == 16
        assert not container.streams.audio


@pytest.mark.parametrize("operation", ["1", "01", "10", "11"])
def test_takes_every_documented_operation(server: RunningServer, operation: str) -> None:
    url_of(server.animate(photos.jpeg(), operation))


SLOPPY = {
    "operation first": forms.form(forms.operation(), forms.image(photos.jpeg())),
    "operation last": forms.form(forms.image(photos.jpeg()), forms.operation()),
    "operation as a file": forms.form(
        forms.image(photos.jpeg(), 'name="image"; filename="image"'),
        forms.operation("01", 'name="operation"; filename="operation"'),
    ),
    "operation as text/plain": forms.form(
        forms.image(photos.jpeg()),
        forms.part(f'{DISPOSITION}name="operation"\r\nContent-Type: text/plain', "11"),
    ),
    "unquoted, with a semicolon": forms.form(
        forms.part(
            f"{DISPOSITION}name=image; filename=file\r\nContent-Type: image/jpeg", photos.jpeg()
        ),
        forms.part(f"{DISPOSITION}name=operation;\r\nContent-Type: text/plain", "11"),
    ),
    "whitespace around operation": forms.form(
        forms.image(photos.jpeg()), forms.operation(" 11\r\n")
    ),
    "octet-stream named file": forms.form(
        forms.part(
            f'{DISPOSITION}name="image"; filename="file"\r\nContent-Type: application/octet-stream',
            photos.jpeg(),
        ),
        forms.operation(),
    ),
    "image without a file name": forms.form(
        forms.image(photos.jpeg(), 'name="image"'), forms.operation()
    ),
    "temporary name": forms.form(
        forms.image(photos.jpeg(), 'name="image"; filename="tmp8F31.tmp"'), forms.operation()
    ),
    "named .bin": forms.form(
        forms.image(photos.jpeg(), 'name="image"; filename="image.bin"'), forms.operation()
    ),
    "jpeg named .png": forms.form(
        forms.part(
            f'{DISPOSITION}name="image"; filename="photo.PNG"\r\nContent-Type: image/png',
            photos.jpeg(),
        ),
        forms.operation(),
    ),
    "path as file name": forms.form(
        forms.image(photos.jpeg(), 'name="image"; filename="../../etc/passwd"'), forms.operation()
    ),
    "lower-case header names": forms.form(
        forms.part('content-disposition: form-data; name="image"; filename="p"', photos.jpeg()),
        forms.operation(),
    ),
    "unknown parts beside": forms.form(
        forms.part(f'{DISPOSITION}name="note"', "hello"),
        forms.image(photos.jpeg()),
        forms.operation(),
        forms.part(f'{DISPOSITION}name="mask"; filename="m.png"', b"\x89PNG"),
    ),
    "text before the first boundary's line end": b"\r\n"
    + forms.form(forms.image(photos.jpeg()), forms.operation()),
    "the same operation twice": forms.form(
        forms.operation(), forms.image(photos.jpeg()), forms.operation()
    ),
}


@pytest.mark.parametrize("body", SLOPPY.values(), ids=SLOPPY.keys())
def test_reads_the_forms_that_real_clients_send(server: RunningServer, body: bytes) -> None:
    url_of(send(server, body))


@pytest.mark.parametrize("query", ["?operation=11", "?operation=%2011%0A", "?operation=01&x=1"])
def test_takes_the_operation_from_the_query(server: RunningServer, query: str) -> None:
    url_of(send(server, forms.form(forms.image(photos.jpeg())), ANIMATE + query))


@pytest.mark.parametrize("name", photos.variants())
def test_takes_documented_formats_in_all_variants(server: RunningServer, name: str) -> None:
    url_of(server.animate(photos.variants()[name]))


@pytest.mark.parametrize("size", [3_000_000, MIB_3])
def test_takes_files_up_to_three_mebibytes(server: RunningServer, size: int) -> None:
    url_of(server.animate(photos.of_size(size)))


@pytest.mark.parametrize(("width", "height"), [(33, 33), (1999, 33), (35, 51)])
def test_takes_the_smallest_and_longest_sides(
    server: RunningServer, width: int, height: int
) -> None:
    url_of(server.animate(photos.jpeg(width, height)))


@pytest.mark.slow
def test_takes_the_largest_photo(server: RunningServer) -> None:
    url_of(server.animate(photos.jpeg(1999, 1999)))


def test_the_marketplace_address_takes_the_marketplace_key(server: RunningServer) -> None:
    headers = {"X-RapidAPI-Key": server.key, "X-RapidAPI-Host": "image-micro-motion.example"}
    response = httpx.post(
        server.address + "/image/enhance/image_micro_motion",
        files={"image": ("image", photos.jpeg()), "operation": "01"},
        headers=headers,
        timeout=60,
    )
    url_of(response)


def test_takes_a_base_url_that_ends_with_a_slash(server: RunningServer) -> None:
    url_of(send(server, forms.form(forms.image(photos.jpeg()), forms.operation()), "/" + ANIMATE))


def test_takes_a_chunked_body(server: RunningServer) -> None:
    body = forms.form(forms.image(photos.jpeg()), forms.operation())
    pieces = (body[start : start + 700] for start in range(0, len(body), 700))
    response = httpx.post(
        server.address + ANIMATE,
        content=pieces,
        headers={**server.headers, **forms.content_type()},
        timeout=60,
    )
    url_of(response)


def test_equal_requests_at_once_each_get_a_result(server: RunningServer) -> None:
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda _: url_of(server.animate(photos.jpeg())), range(4)))
    assert len(set(urls)) == 4
    videos = {httpx.get(url).content for url in urls}
    assert len(videos) == 1


def test_says_what_was_not_found(server: RunningServer) -> None:
    response = server.animate(photos.coded(photos.scene().convert("1").convert("RGB"), "PNG"))
    assert response.status_code == 200
    assert "x-request-id" in response.headers


def test_makes_avi_when_set(changed: RunningServer) -> None:
    url = url_of(changed.animate(photos.jpeg()))
    assert url.partition("?")[0].endswith(".avi")
    video = httpx.get(url)
    assert video.headers["content-type"] == "video/x-msvideo"
    assert video.content[:4] == b"RIFF"
    assert video.content[8:12] == b"AVI "
