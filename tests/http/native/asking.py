"""Requests to the native API, and what its answers must look like."""

from __future__ import annotations

from typing import Any

import httpx

from tests.http import photos
from tests.http.running import RunningServer

OBJECT = {
    "id", "state", "stage", "fraction", "created_at", "started_at", "finished_at", "expires_at",
    "options", "result", "error",
}  # fmt: skip


def bearer(server: RunningServer, secret: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {secret or server.key}"}


def post(
    server: RunningServer,
    photo: bytes | None = None,
    *,
    wait: int | None = None,
    secret: str = "",
    headers: dict[str, str] | None = None,
    files: dict[str, bytes] | None = None,
    path: str = "/v1/animations",
    **texts: Any,
) -> httpx.Response:
    given = bearer(server, secret) | (headers or {})
    if wait is not None:
        given["Prefer"] = f"wait={wait}"
    parts = {"image": photos.jpeg() if photo is None else photo, **(files or {})}
    return httpx.post(
        server.address + path,
        headers=given,
        files={name: (f"{name}.bin", content) for name, content in parts.items()},
        data={"seconds": "2", "fps": "8", **texts} if path == "/v1/animations" else texts,
        timeout=60,
    )


def finished(response: httpx.Response) -> dict[str, Any]:
    """The animation of an answer that waited for it."""
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    assert body.keys() == OBJECT
    assert response.headers["location"] == f"/v1/animations/{body['id']}"
    return body


def problem(
    response: httpx.Response, status: int, code: str, field: str | None = None
) -> dict[str, Any]:
    """The problem object of a refusal with this status, code and field."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"], body["field"]) == (status, code, field), body
    assert body["status"] == status
    assert body["type"] == f"/docs#{code}"
    assert body["instance"] == response.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    return body
