"""The documentation of the API says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.http.running import RunningServer
from windstill.http import codes
from windstill.http.app import ROUTES
from windstill.http.refusals import TABLE
from windstill.settings import describe

DOCS = Path(__file__).parents[2] / "docs" / "api"
PAGE = (DOCS / "README.md").read_text()
# Answers to what no documented request can ask for.
INTERNAL = {"ERROR_FILE_NOT_FOUND", "ERROR_RESOURCE_NOT_FOUND", "ERROR_TASK_CONFLICT"}
INTERNAL |= {"ERROR_INVALID_FILE"}


def test_the_list_of_codes_is_that_of_the_table() -> None:
    assert (DOCS / "error-codes.md").read_text() == codes.reference()


def test_every_code_that_is_answered_is_explained_with_its_status() -> None:
    rows = dict(re.findall(r"\| (\d{3}) \| `(\w+)`", PAGE))
    explained = {name: int(status) for status, name in re.findall(r"\| (\d{3}) \| `(\w+)`", PAGE)}
    assert rows
    assert set(TABLE.values()) - INTERNAL == set(explained)
    for name, status in explained.items():
        assert codes.codes()[name].current == status


def test_every_address_is_documented() -> None:
    text = PAGE + (DOCS / "operating.md").read_text() + (DOCS / "native.md").read_text()
    for route in (route for route in ROUTES if not route.path.startswith("/static/")):
        assert route.path.partition("{")[0] in text


def test_settings_named_in_the_pages_exist() -> None:
    known = {str(row["name"]) for row in describe()}
    text = PAGE + (DOCS / "operating.md").read_text()
    named = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
    others = {"error_code", "error_detail", "request_id", "log_id", "error_code_str", "windstill"}
    assert {name for name in named - others if not name.startswith("windstill_")} <= known


def test_metrics_named_in_the_pages_exist(server: RunningServer) -> None:
    named = set(re.findall(r"`(windstill_[a-z_]+)`", (DOCS / "operating.md").read_text()))
    text = httpx.get(f"{server.address}/metrics").text
    assert named
    assert {name for name in named if name.removesuffix("_total") not in text} == set()


def test_the_type_of_a_problem_leads_to_its_meaning(server: RunningServer) -> None:
    problem = httpx.get(server.address + "/v1/animations").json()
    path, _, name = problem["type"].partition("#")
    page = httpx.get(server.address + path)
    assert page.status_code == 200
    assert f'<tr id="{name}">' in page.text
