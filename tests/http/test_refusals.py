"""Every refusal has its documented code and status, in the envelope, whatever raised it."""

from __future__ import annotations

import httpx
import pytest

from tests.http import forms, photos
from tests.http.envelopes import refused
from tests.http.running import ANIMATE, RunningServer
from windstill.photo import COMPATIBLE_LIMITS

GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00"
IMAGE = forms.image(photos.jpeg())


def send(server: RunningServer, body: bytes, **headers: str) -> httpx.Response:
    given = {**server.headers, **forms.content_type(), **headers}
    return httpx.post(server.address + ANIMATE, content=body, headers=given, timeout=60)


FORMS = {
    "no image": (forms.form(forms.operation()), 400, "MISSING_PARAMETERS"),
    "no operation": (forms.form(IMAGE), 400, "MISSING_PARAMETERS"),
    "no parts": (forms.form(), 400, "MISSING_PARAMETERS"),
    "empty image": (
        forms.form(forms.image(b""), forms.operation()),
        400,
        "PARAMETERS_CANNOT_EMPTY",
    ),
    "empty operation": (forms.form(IMAGE, forms.operation(" ")), 400, "PARAMETERS_CANNOT_EMPTY"),
    "two images": (forms.form(IMAGE, IMAGE, forms.operation()), 413, "ERROR_TOO_MANY_FILES"),
    "contradicting operations": (
        forms.form(forms.operation("1"), IMAGE, forms.operation("10")),
        400,
        "ERROR_INVALID_PARAMETER",
    ),
    "no end": (forms.form(IMAGE, forms.operation(), end=b""), 400, "ERROR_PARAMETERS"),
    "another boundary": (
        forms.form(IMAGE, forms.operation()).replace(forms.BOUNDARY.encode(), b"other"),
        400,
        "ERROR_PARAMETERS",
    ),
    "random bytes": (bytes(range(256)) * 64, 400, "ERROR_PARAMETERS"),
    "empty body": (b"", 400, "ERROR_PARAMETERS"),
    "broken part header": (
        forms.form(forms.part("no header at all", b"x"), IMAGE),
        400,
        "ERROR_PARAMETERS",
    ),
    "endless part header": (
        forms.form(forms.part("X-Long: " + "x" * 70_000, b""), IMAGE, forms.operation()),
        400,
        "ERROR_PARAMETERS",
    ),
    "ten thousand parts": (
        forms.form(*[forms.part('Content-Disposition: form-data; name="x"', b"1")] * 10_000),
        400,
        "ERROR_PARAMETERS",
    ),
    "gif": (
        forms.form(forms.image(GIF), forms.operation()),
        415,
        "UNSUPPORTED_FILE_TYPES",
    ),
    "webp": (
        forms.form(forms.image(photos.coded(photos.scene(), "WEBP")), forms.operation()),
        415,
        "UNSUPPORTED_FILE_TYPES",
    ),
    "tiff": (
        forms.form(forms.image(photos.coded(photos.scene(), "TIFF")), forms.operation()),
        415,
        "UNSUPPORTED_FILE_TYPES",
    ),
    "pdf": (
        forms.form(forms.image(b"%PDF-1.7\n%\xe2\xe3"), forms.operation()),
        415,
        "UNSUPPORTED_FILE_TYPES",
    ),
    "text": (
        forms.form(forms.image(b"hello, world\n" * 9), forms.operation()),
        422,
        "FILE_DECODING_FAILURE",
    ),
    "truncated": (
        forms.form(forms.image(photos.jpeg()[:700]), forms.operation()),
        422,
        "FILE_DECODING_FAILURE",
    ),
}


@pytest.mark.parametrize(("body", "status", "code"), FORMS.values(), ids=FORMS.keys())
def test_refuses_forms(server: RunningServer, body: bytes, status: int, code: str) -> None:
    refused(send(server, body), status, code)


@pytest.mark.parametrize(
    "value", ["0", "00", "001", "2", "12", "both", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 300, "\x00"]
)
def test_refuses_operations_and_names_those_allowed(server: RunningServer, value: str) -> None:
    response = send(server, forms.form(IMAGE, forms.operation(value)))
    body = refused(response, 400, "ERROR_INVALID_PARAMETER")
    assert "01, 10, 11" in body["error_detail"]["message"]


@pytest.mark.parametrize(
    ("content_type", "content", "code"),
    [
        ("application/x-www-form-urlencoded", b"operation=11", "MISSING_PARAMETERS"),
        ("application/json", b'{"operation": "11"}', "ERROR_PARAMETERS"),
        ("text/plain", b"hello", "ERROR_PARAMETERS"),
        ("multipart/form-data", b"--x\r\n", "ERROR_PARAMETERS"),
        ("multipart/form-data; boundary=", b"--\r\n", "ERROR_PARAMETERS"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n", "ERROR_PARAMETERS"),
        (";;;", b"", "MISSING_PARAMETERS"),
    ],
)
def test_refuses_other_bodies(
    server: RunningServer, content_type: str, content: bytes, code: str
) -> None:
    refused(send(server, content, **{"Content-Type": content_type}), 400, code)


def test_refuses_a_request_without_a_body(server: RunningServer) -> None:
    response = httpx.post(server.address + ANIMATE, headers=server.headers)
    refused(response, 400, "MISSING_PARAMETERS")


SIZES = {
    "32 wide": (photos.jpeg(32, 64), 422, "ERROR_LOW_RESOLUTION"),
    "32 both": (photos.jpeg(32, 32), 422, "ERROR_LOW_RESOLUTION"),
    "2000 wide": (photos.jpeg(2000, 64), 413, "FILE_RESOLUTION_EXCEEDS_LIMITS"),
    "2000 both": (photos.jpeg(2000, 2000), 413, "FILE_RESOLUTION_EXCEEDS_LIMITS"),
    "3 MiB and a byte": (
        photos.of_size(COMPATIBLE_LIMITS.max_bytes + 1),
        413,
        "FILE_SIZE_EXCEEDS_LIMIT",
    ),
    "5 MB": (photos.of_size(5_000_000), 413, "FILE_SIZE_EXCEEDS_LIMIT"),
    "9 MB": (photos.of_size(9_000_000), 413, "ERROR_REQUEST_BODY_TOO_LARGE"),
}


@pytest.mark.parametrize(("photo", "status", "code"), SIZES.values(), ids=SIZES.keys())
def test_refuses_sizes_beyond_the_limits(
    server: RunningServer, photo: bytes, status: int, code: str
) -> None:
    refused(server.animate(photo), status, code)


def test_refuses_a_chunked_body_beyond_the_limit(server: RunningServer) -> None:
    start = forms.image(b"")[:-2]
    response = httpx.post(
        server.address + ANIMATE,
        content=(start if not index else bytes(65536) for index in range(160)),
        headers={**server.headers, **forms.content_type()},
        timeout=60,
    )
    refused(response, 413, "ERROR_REQUEST_BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ailabapi-api-key": ""},
        {"ailabapi-api-key": "unknown"},
        {"ailabapi-api-key": "x" * 5000},
        {"X-RapidAPI-Key": "unknown"},
        {"Authorization": "Bearer unknown"},
    ],
)
def test_refuses_missing_and_unknown_keys(server: RunningServer, headers: dict[str, str]) -> None:
    for path, method in ((ANIMATE, "POST"), ("/api/common/query-credits", "GET")):
        response = httpx.request(method, server.address + path, headers=headers)
        refused(response, 401, "ERROR_APPLICATIONS_NOT_EXISTS")


def test_checks_the_key_before_the_body(server: RunningServer) -> None:
    response = httpx.post(
        server.address + ANIMATE, content=b"{}", headers={"ailabapi-api-key": "unknown"}
    )
    refused(response, 401, "ERROR_APPLICATIONS_NOT_EXISTS")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", ANIMATE, 403, "ERROR_ILLEGAL_OPERATION"),
        ("PUT", ANIMATE, 403, "ERROR_ILLEGAL_OPERATION"),
        ("BREW", ANIMATE, 403, "ERROR_ILLEGAL_OPERATION"),
        ("POST", "/api/common/query-credits", 403, "ERROR_ILLEGAL_OPERATION"),
        ("DELETE", "/image/enhance/image_micro_motion", 403, "ERROR_ILLEGAL_OPERATION"),
        ("GET", "/api/common/query-balance", 404, "ERROR_AI_NOT_EXISTS"),
        ("POST", "/api/image/effects/another", 404, "ERROR_AI_NOT_EXISTS"),
        ("GET", "/image/enhance/", 404, "ERROR_AI_NOT_EXISTS"),
        ("GET", "/api/%2e%2e/%00", 404, "ERROR_AI_NOT_EXISTS"),
        ("GET", "/nowhere", 404, "ERROR_RESOURCE_NOT_FOUND"),
        ("GET", "/files/", 404, "ERROR_FILE_NOT_FOUND"),
    ],
)
def test_refuses_methods_and_paths(
    server: RunningServer, method: str, path: str, status: int, code: str
) -> None:
    response = httpx.request(method, server.address + path, headers=server.headers)
    refused(response, status, code)


def test_the_status_profile_changes_statuses_and_nothing_else(changed: RunningServer) -> None:
    refused(httpx.get(changed.address + ANIMATE), 405, "ERROR_ILLEGAL_OPERATION")
    refused(
        send(changed, forms.form(forms.image(b"not a photo"), forms.operation())),
        400,
        "FILE_DECODING_FAILURE",
    )
    refused(send(changed, forms.form(IMAGE, IMAGE)), 400, "ERROR_TOO_MANY_FILES")
    refused(changed.animate(photos.jpeg(2000, 40)), 422, "FILE_RESOLUTION_EXCEEDS_LIMITS")


def test_nothing_to_move_is_refused_when_set(changed: RunningServer) -> None:
    response = changed.animate(photos.coded(photos.plain(), "PNG"), "10")
    refused(response, 422, "ERROR_NO_RECOGNITION_TARGET_DETECTED")


def test_nothing_to_move_is_a_still_loop_with_a_warning(server: RunningServer) -> None:
    response = server.animate(photos.coded(photos.plain(), "PNG"), "10")
    assert response.status_code == 200
    assert response.headers["x-windstill-warning"]
