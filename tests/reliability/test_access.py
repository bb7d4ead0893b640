"""Who may see what: every address against every credential that is not good any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.http import photos
from tests.http.native.asking import bearer, finished, post
from tests.http.running import RunningServer
from tests.http.test_keys import keys
from windstill.http.app import ROUTES

OWN = {
    "GET /v1/animations/{id}": 200,
    "GET /v1/animations/{id}/events": 200,
    "GET /api/common/query-async-task-result?task_id={id}": 200,
    # At last, as it erases the result.
    "DELETE /v1/animations/{id}": 200,
}
"""Addresses of one job, and what its owner is answered there."""

PUBLIC = {
    "/v1/options", "/files/{name:path}", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs",
    "/static/{name:path}", "/",
}  # fmt: skip
"""Addresses that anybody may ask; links to files are tested in tests/http/test_files.py."""

GUARDED = [
    f"{method} {route.path}"
    for route in ROUTES
    if route.path not in PUBLIC
    for method in sorted((route.methods or set()) - {"HEAD"})
]
"""Every other address: it needs a key."""


def call(server: RunningServer, what: str, job: str, secret: str) -> httpx.Response:
    """Asks with the key in the header that both APIs know."""
    method, _, path = what.format(id=job).partition(" ")
    body: dict[str, Any] = {"files": {"image": photos.jpeg()}} if method == "POST" else {}
    headers = {"ailabapi-api-key": secret} if secret else {}
    return httpx.request(method, server.address + path, headers=headers, timeout=30, **body)


@pytest.fixture(scope="module")
def job(sturdy: RunningServer) -> str:
    return str(finished(post(sturdy, wait=30))["id"])


@pytest.fixture(scope="module")
def bad_secrets(sturdy: RunningServer) -> dict[str, str]:
    """Secrets that open nothing, by what is wrong with them."""
    good = keys(sturdy, "create", "good")["secret"]
    revoked = keys(sturdy, "create", "revoked once")["secret"]
    keys(sturdy, "revoke", "revoked once")
    rotated = keys(sturdy, "create", "rotated away")["secret"]
    keys(sturdy, "rotate", "rotated away", "--overlap", "0s")
    return {
        "none": "",
        "unknown": "A" * len(good),
        "tampered at its end": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "tampered within": good[:-9] + ("A" if good[-9] != "A" else "B") + good[-8:],
        "cut": good[:-1],
        "longer": good + "A",
        "of other case": good.swapcase(),
        "revoked": revoked,
        "rotated": rotated,
    }


@pytest.mark.parametrize("what", GUARDED)
def test_a_bad_secret_opens_nothing(
    sturdy: RunningServer, job: str, bad_secrets: dict[str, str], what: str
) -> None:
    for name, secret in bad_secrets.items():
        status = call(sturdy, what, job, secret).status_code
        assert status == (403 if name == "revoked" else 401), (name, status)


def test_every_address_of_one_job_is_known() -> None:
    assert {what for what in GUARDED if "{id}" in what} <= set(OWN)


@pytest.mark.parametrize("what", OWN)
def test_another_keys_job_is_not_there(sturdy: RunningServer, job: str, what: str) -> None:
    stranger = keys(sturdy, "create", f"stranger to {what}")["secret"]
    answer = call(sturdy, what, job, stranger)
    assert answer.status_code == 404
    # As if it had never been: the answer is that for an id that nobody has.
    other = call(sturdy, what, "0" * 32, stranger)
    assert other.status_code == 404
    assert without_ids(answer.json()) == without_ids(other.json())
    assert call(sturdy, what, job, sturdy.key).status_code == OWN[what]


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in body.items()
        if name not in ("request_id", "log_id", "instance")
    }


def test_fifty_equal_submissions_make_one_job_and_cost_once(sturdy: RunningServer) -> None:
    secret = keys(sturdy, "create", "repeating", "--credits", "100")["secret"]

    def submit(_: int) -> httpx.Response:
        return post(sturdy, secret=secret, headers={"Idempotency-Key": "one"}, wait=30)

    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(submit, range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = httpx.get(f"{sturdy.address}/v1/animations", headers=bearer(sturdy, secret)).json()
    assert len(listed["animations"]) == 1
    credits_left = call(sturdy, "GET /api/common/query-credits", "", secret).json()["data"]
    assert credits_left[0]["balance"] == 85
