"""Keys made on the command line while the service runs: credits, limits, rotation, revocation."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from click.testing import CliRunner

from tests.http import photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import RunningServer, until
from windstill.cli import main


def keys(server: RunningServer, *words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["keys", *words, "--data", str(server.data), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def header(secret: str) -> dict[str, str]:
    return {"ailabapi-api-key": secret}


def pool(server: RunningServer, secret: str) -> dict[str, Any]:
    response = httpx.get(f"{server.address}/api/common/query-credits", headers=header(secret))
    (found,) = succeeded(response)["data"]
    return found


def test_a_success_costs_fifteen_credits_and_a_failure_none(server: RunningServer) -> None:
    secret = keys(server, "create", "paying", "--credits", "40")["secret"]
    assert (pool(server, secret)["balance"], pool(server, secret)["total"]) == (40.0, 40.0)
    refused(
        server.animate(b"no photo at all", headers=header(secret)), 422, "FILE_DECODING_FAILURE"
    )
    refused(
        server.animate(photos.jpeg()[:600], headers=header(secret)), 422, "FILE_DECODING_FAILURE"
    )
    assert pool(server, secret)["balance"] == 40.0
    for left in (25.0, 10.0):
        succeeded(server.animate(photos.jpeg(), headers=header(secret)))
        assert pool(server, secret)["balance"] == left
    response = server.animate(photos.jpeg(), headers=header(secret))
    refused(response, 429, "ERROR_NOT_ENOUGH_CREDITS")
    keys(server, "credit", "paying", "5")
    succeeded(server.animate(photos.jpeg(), headers=header(secret)))
    assert pool(server, secret)["balance"] == 0.0


def test_parallel_requests_cannot_overdraw(server: RunningServer) -> None:
    secret = keys(server, "create", "parallel", "--credits", "45")["secret"]
    with ThreadPoolExecutor(8) as workers:
        answers = list(
            workers.map(lambda _: server.animate(photos.jpeg(), headers=header(secret)), range(8))
        )
    assert [answer.status_code for answer in answers].count(200) == 3
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 429, "ERROR_NOT_ENOUGH_CREDITS")
    assert pool(server, secret)["balance"] == 0.0


def test_a_key_has_limits_of_its_own(server: RunningServer) -> None:
    secret = keys(server, "create", "limited", "--job-limit", "1")["secret"]
    photo = photos.jpeg(640, 420)
    with ThreadPoolExecutor(4) as workers:
        answers = list(
            workers.map(lambda _: server.animate(photo, headers=header(secret)), range(4))
        )
    statuses = [answer.status_code for answer in answers]
    assert 1 <= statuses.count(200) < 4
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 429, "EXCEEDING_LIMITS")
            assert int(answer.headers["retry-after"]) >= 1


def test_a_key_that_asks_too_often_is_told_when_to_come_back(server: RunningServer) -> None:
    secret = keys(server, "create", "hasty", "--rate", "0.6")["secret"]
    with server.client(headers=header(secret)) as client:
        for _ in range(30):
            response = client.post(
                "/api/image/effects/image-fine-tuning",
                files={"image": photos.jpeg()[:800], "operation": "11"},
            )
            if response.status_code == 429:
                break
    refused(response, 429, "EXCEEDING_LIMITS")
    assert 1 <= int(response.headers["retry-after"]) <= 100


def test_a_rotated_key_works_with_both_secrets(server: RunningServer) -> None:
    old = keys(server, "create", "rotating")["secret"]
    new = keys(server, "rotate", "rotating", "--overlap", "1h")["secret"]
    assert pool(server, old)["balance"] == pool(server, new)["balance"]


def test_a_revoked_key_is_locked_out(server: RunningServer) -> None:
    secret = keys(server, "create", "revoked")["secret"]
    keys(server, "revoke", "revoked")
    response = httpx.get(f"{server.address}/api/common/query-credits", headers=header(secret))
    refused(response, 403, "ERROR_USER_LOCKED")
    response = server.animate(photos.jpeg(), headers=header(secret))
    refused(response, 403, "ERROR_USER_LOCKED")


def test_a_job_of_another_key_is_not_there(server: RunningServer) -> None:
    body = succeeded(server.animate(photos.jpeg()))
    until(lambda: body["request_id"] in "".join(server.log))
    line = next(x for x in server.records("request") if x["request_id"] == body["request_id"])
    stranger = keys(server, "create", "stranger")["secret"]
    response = httpx.get(
        f"{server.address}/api/common/query-async-task-result",
        params={"task_id": line["job"]},
        headers=header(stranger),
    )
    refused(response, 404, "ERROR_RESOURCE_NOT_FOUND")
