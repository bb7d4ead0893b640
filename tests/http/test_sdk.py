"""The platform's published Python client works after changing its base URL."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import pytest
from ailabtools import AILabClient
from ailabtools.errors import AILabApiError

from tests.http import photos
from tests.http.running import ANIMATE, RunningServer


def call(
    server: RunningServer, method: str, path: str, *, key: str | None = None, **request: Any
) -> dict[str, Any]:
    """One request through the client's generic requester."""

    async def run() -> dict[str, Any]:
        client = AILabClient(server.key if key is None else key, base_url=server.address)
        try:
            return await client._requester.request(method, path, **request)
        finally:
            await client.aclose()

    return asyncio.run(run())


def animate(server: RunningServer, **body: Any) -> dict[str, Any]:
    return call(server, "POST", ANIMATE, body=body, multipart=True)


@pytest.mark.parametrize("photo", [photos.jpeg(), photos.coded(photos.scene(), "PNG")])
def test_success_is_returned(server: RunningServer, photo: bytes) -> None:
    answer = animate(server, image=photo, operation="11")
    assert answer["error_code"] == 0
    video = httpx.get(answer["data"]["url"])
    assert video.headers["content-type"] == "video/mp4"


def test_an_open_file_and_a_number_are_sent(server: RunningServer) -> None:
    answer = animate(server, image=io.BytesIO(photos.jpeg()), operation=1)
    assert answer["data"]["url"]


def test_credits_are_returned(server: RunningServer) -> None:
    answer = call(server, "GET", "/api/common/query-credits")
    assert answer["data"][0]["unique_sign"] == "common"


PHOTO = photos.jpeg()
ERRORS: dict[str, tuple[dict[str, Any], int, str]] = {
    "wrong key": ({"key": "wrong"}, 401, "ERROR_APPLICATIONS_NOT_EXISTS"),
    "unknown path": ({"path": "/api/image/effects/other"}, 404, "ERROR_AI_NOT_EXISTS"),
    "wrong method": ({"method": "PUT"}, 403, "ERROR_ILLEGAL_OPERATION"),
    "no image": ({"body": {"operation": "11"}}, 400, "MISSING_PARAMETERS"),
    "no operation": ({"body": {"image": PHOTO}}, 400, "MISSING_PARAMETERS"),
    "JSON": ({"body": {"operation": "11"}, "multipart": False}, 400, "ERROR_PARAMETERS"),
    "operation": ({"body": {"image": PHOTO, "operation": 12}}, 400, "ERROR_INVALID_PARAMETER"),
    "empty": (
        {"body": {"image": io.BytesIO(), "operation": "1"}},
        400,
        "PARAMETERS_CANNOT_EMPTY",
    ),
    "gif": ({"body": {"image": b"GIF89a", "operation": "1"}}, 415, "UNSUPPORTED_FILE_TYPES"),
    "text": ({"body": {"image": b"hello" * 9, "operation": "1"}}, 422, "FILE_DECODING_FAILURE"),
    "small": (
        {"body": {"image": photos.jpeg(20, 20), "operation": "1"}},
        422,
        "ERROR_LOW_RESOLUTION",
    ),
    "large": (
        {"body": {"image": photos.jpeg(2400, 40), "operation": "1"}},
        413,
        "FILE_RESOLUTION_EXCEEDS_LIMITS",
    ),
    "heavy": (
        {"body": {"image": photos.of_size(3_200_000), "operation": "1"}},
        413,
        "FILE_SIZE_EXCEEDS_LIMIT",
    ),
}


@pytest.mark.parametrize(("request_", "status", "code"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_are_raised_with_all_they_tell(
    server: RunningServer, request_: dict[str, Any], status: int, code: str
) -> None:
    given = {"method": "POST", "path": ANIMATE, "multipart": True, **request_}
    given.setdefault("body", {"image": PHOTO, "operation": "1"})
    with pytest.raises(AILabApiError) as caught:
        call(server, **given)
    error = caught.value
    assert (error.detail.status_code, error.detail.code) == (status, code)
    assert error.detail.code_message
    assert str(error) == error.detail.message
    assert error.request_id
    assert error.log_id
    assert error.raw["error_code"] == status
