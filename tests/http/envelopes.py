"""What every answer of the compatible API must look like, as the published clients need it."""

from __future__ import annotations

import re
from typing import Any

import httpx

from windstill.http.codes import codes

DETAIL = {"status_code": int, "code": str, "code_message": str, "message": str}


def checked(response: httpx.Response) -> dict[str, Any]:
    """The body, after the typing rules that hold for success and failure."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert type(body) is dict
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", body["request_id"])
    assert response.headers["x-request-id"] == body["request_id"]
    assert re.fullmatch(r"[0-9]+", body["log_id"])
    assert type(body["error_code"]) is int
    assert type(body["error_code_str"]) is str
    assert type(body["error_msg"]) is str
    assert {name: type(value) for name, value in body["error_detail"].items()} == DETAIL
    assert body["error_detail"]["status_code"] == response.status_code
    return body


def succeeded(response: httpx.Response) -> dict[str, Any]:
    """The body of a success, in the shape of the vendor's example."""
    assert response.status_code == 200, response.text
    body = checked(response)
    assert body["error_code"] == 0
    assert body["error_code_str"] == body["error_msg"] == ""
    assert body["error_detail"] == {
        "status_code": 200,
        "code": "",
        "code_message": "",
        "message": "",
    }
    return body


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal with this status and code."""
    body = checked(response)
    assert (response.status_code, body["error_detail"]["code"]) == (status, code), body
    assert body["error_code"] == status
    assert body["error_detail"]["code_message"] == codes()[code].text
    assert body["error_msg"]
    assert body["error_detail"]["message"]
    assert body["error_code_str"] in codes()
    assert "data" not in body
    return body
