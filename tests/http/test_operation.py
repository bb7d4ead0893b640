"""What operators and browsers see: health, metrics, log, CORS, pages, keys and credits."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from tests.http import photos
from tests.http.envelopes import refused, succeeded
from tests.http.running import ANIMATE, RunningServer, until
from windstill.cli import main


def test_alive_and_ready(server: RunningServer) -> None:
    assert httpx.get(f"{server.address}/livez").json() == {"status": "alive"}
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ready", "problems": []}


def test_metrics_follow_what_happens(server: RunningServer) -> None:
    def total(name: str, **labels: str) -> float:
        text = httpx.get(f"{server.address}/metrics").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    route = {"route": ANIMATE, "method": "POST", "status": "200"}
    requests, jobs = total("windstill_requests_total", **route), total("windstill_jobs_total")
    frames = total("windstill_stage_seconds_count", stage="video")
    unknown = {"code": "ERROR_AI_NOT_EXISTS"}
    refusals = total("windstill_refusals_total", **unknown)

    succeeded(server.animate(photos.jpeg()))
    httpx.get(f"{server.address}/api/nothing")

    assert total("windstill_requests_total", **route) == requests + 1
    assert total("windstill_jobs_total") == jobs + 1
    assert total("windstill_stage_seconds_count", stage="video") == frames + 1
    assert total("windstill_refusals_total", **unknown) == refusals + 1
    assert total("windstill_job_slots") == 2
    assert total("windstill_queue_depth") == 0


def test_a_request_is_logged_with_its_ids_and_no_secret(server: RunningServer) -> None:
    response = server.animate(photos.jpeg(), headers={**server.headers, "X-Note": "private-note"})
    body = succeeded(response)
    httpx.get(body["data"]["url"])
    refusal = httpx.post(
        f"{server.address}{ANIMATE}?operation=private-query",
        files={"image": ("private-name.jpg", b"private-content"), "private-field": "x"},
        headers=server.headers,
    )
    asked = {body["request_id"], refusal.json()["request_id"]}
    until(lambda: asked <= {line["request_id"] for line in server.records("request")})
    line = next(x for x in server.records("request") if x["request_id"] == body["request_id"])
    assert line["log_id"] == body["log_id"]
    assert (line["status"], line["code"], line["method"]) == (200, "", "POST")
    assert line["route"] == ANIMATE
    text = "".join(server.log)
    assert server.key not in text
    assert "private-" not in text
    assert body["data"]["url"].partition("signature=")[2] not in text


def test_every_log_line_is_json(server: RunningServer) -> None:
    httpx.get(f"{server.address}/livez")
    for line in list(server.log):
        assert {"time", "level", "event"} <= json.loads(line).keys()


@pytest.mark.parametrize("path", [ANIMATE, "/api/common/query-credits", "/api/nothing"])
def test_browsers_may_ask_first(server: RunningServer, path: str) -> None:
    response = httpx.options(
        server.address + path,
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "ailabapi-api-key,content-type",
        },
    )
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].split(", ")
    assert {"ailabapi-api-key", "content-type", "x-rapidapi-key"} <= set(allowed)


def test_browsers_may_read_success_refusal_and_warning(server: RunningServer) -> None:
    origin = {"Origin": "https://app.example.org"}
    for response in (
        httpx.get(f"{server.address}/api/common/query-credits", headers=origin),
        server.animate(photos.jpeg(), headers={**server.headers, **origin}),
    ):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "x-windstill-warning" in response.headers["access-control-expose-headers"]


def test_credits_are_an_array_of_pools(server: RunningServer) -> None:
    response = httpx.get(f"{server.address}/api/common/query-credits", headers=server.headers)
    (pool,) = succeeded(response)["data"]
    assert pool["unique_sign"] == "common"
    for name in ("balance", "total", "last_recharge_balance", "balance_warning"):
        assert type(pool[name]) is float
    for name in ("first_buy_time", "last_update_time"):
        assert type(pool[name]) is int
    assert pool["balance"] >= 15


def test_a_task_that_is_not_there(server: RunningServer) -> None:
    path = f"{server.address}/api/common/query-async-task-result"
    refused(httpx.get(path, headers=server.headers), 400, "MISSING_PARAMETERS")
    refused(
        httpx.get(path, params={"task_id": " "}, headers=server.headers),
        400,
        "PARAMETERS_CANNOT_EMPTY",
    )
    refused(
        httpx.get(path, params={"task_id": "1.2"}, headers=server.headers),
        404,
        "ERROR_RESOURCE_NOT_FOUND",
    )
    refused(httpx.get(path, params={"task_id": "1"}), 401, "ERROR_APPLICATIONS_NOT_EXISTS")


def test_a_finished_job_can_be_polled(server: RunningServer) -> None:
    body = succeeded(server.animate(photos.jpeg()))

    def line() -> dict[str, str]:
        logged = server.records("request")
        return next((x for x in logged if x["request_id"] == body["request_id"]), {})

    until(lambda: "job" in line())
    response = httpx.get(
        f"{server.address}/api/common/query-async-task-result",
        params={"task_id": line()["job"]},
        headers=server.headers,
    )
    task = succeeded(response)
    assert task["task_status"] == 2
    assert httpx.head(task["data"]["url"]).status_code == 200


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_docs_load_nothing_from_elsewhere(server: RunningServer) -> None:
    response = httpx.get(server.address + "/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    tags = _Tags()
    tags.feed(response.text)
    assert ("html", {"lang": "en"}) in tags.seen
    for tag, attributes in tags.seen:
        assert tag not in {"script", "img", "iframe"}
        assert not (attributes.get("href") or "").startswith(("http", "//"))


def test_the_docs_show_how_to_call(server: RunningServer) -> None:
    page = httpx.get(server.address + "/docs").text
    assert server.address + ANIMATE in page
    assert server.key not in page


def test_the_start_shows_address_key_and_a_line_to_paste(server: RunningServer) -> None:
    assert server.address in server.output
    assert f"-H 'ailabapi-api-key: {server.key}'" in server.output
    assert server.address + ANIMATE in server.output
    assert f"{server.address}/#key={server.key}" in server.output


def test_a_proxy_that_is_trusted_is_believed(changed: RunningServer) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    link = animated_url(changed, **forwarded)
    assert link.startswith(f"https://{changed.address.partition('//')[2]}/")
    until(lambda: any("client=203.0.113.9" in line for line in changed.log))


def test_the_log_can_be_text(changed: RunningServer) -> None:
    httpx.get(f"{changed.address}/livez")
    until(lambda: any("request_id=" in line for line in changed.log))
    assert not [line for line in changed.log if line.startswith("{")]
    assert changed.key not in "".join(changed.log)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://other.example.org", "https://other.example.org"),
        ("https://evil.example.org", None),
        ("null", None),
    ],
)
def test_only_welcome_origins_may_read(
    changed: RunningServer, origin: str, allowed: str | None
) -> None:
    for method in ("OPTIONS", "POST"):
        response = httpx.request(method, changed.address + ANIMATE, headers={"Origin": origin})
        assert response.headers.get("access-control-allow-origin") == allowed
        assert "Origin" in response.headers["vary"]


def test_a_forwarded_scheme_is_not_believed_from_anybody(server: RunningServer) -> None:
    link = animated_url(server, **{"X-Forwarded-Proto": "https"})
    assert link.startswith(f"{server.address}/")


def animated_url(server: RunningServer, **headers: str) -> str:
    answer = server.animate(photos.jpeg(), headers={**server.headers, **headers})
    return str(succeeded(answer)["data"]["url"])


def test_a_port_in_use_is_named_and_makes_no_key(server: RunningServer, tmp_path: Path) -> None:
    port = server.address.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "windstill.cli", "serve", "--port", port, "--data", "data"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 2
    assert f"port {port} can't be listened on" in done.stderr
    assert done.stdout == ""
    listed = CliRunner().invoke(main, ["keys", "list", "--json", "--data", f"{tmp_path}/data"])
    assert json.loads(listed.output) == []
