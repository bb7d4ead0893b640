"""The OpenAPI description and the service agree, whatever is generated from it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.http import photos
from tests.http.running import RunningServer, start_server
from windstill.http.app import ROUTES
from windstill.http.codes import codes
from windstill.http.openapi import describe
from windstill.http.refusals import TABLE
from windstill.settings import Settings

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the statuses of 2025, where a wrong method is 405, as generic checks expect."""
    running = start_server(tmp_path_factory.mktemp("described"), status_profile="2025")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def api(described: RunningServer) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{described.address}/openapi.json")


schema = schemathesis.pytest.from_fixture("api")


def check(case: Case, server: RunningServer) -> None:
    # What makes bytes a photo can't be said in a schema: some cases get a real one, and the
    # others may be refused.
    excluded: list[CheckFunction] = []
    if case.method == "POST":
        if isinstance(case.body, dict) and len(str(case.body)) % 8 == 0 and "image" in case.body:
            case.body["image"] = photos.jpeg(40, 40)
        excluded = [positive_data_acceptance]
    case.call_and_validate(headers=server.headers, excluded_checks=excluded, timeout=60)


@schema.parametrize()
@FEW
def test_answers_are_as_described(case: Case, described: RunningServer) -> None:
    check(case, described)


@pytest.mark.slow
@schema.parametrize()
@MANY
def test_answers_are_as_described_in_two_thousand_cases(
    case: Case, described: RunningServer
) -> None:
    check(case, described)


def test_every_route_is_described() -> None:
    described = describe(Settings())["paths"]
    assert {route.path.replace(":path", "") for route in ROUTES} == set(described)
    for route in ROUTES:
        methods = {method.lower() for method in route.methods or ()} - {"head"}
        assert methods <= set(described[route.path.replace(":path", "")])


def test_every_code_in_use_is_described_with_an_example() -> None:
    described = {
        name
        for item in describe(Settings())["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
        for name in content.get("examples", {})
    }
    # Answers to what is no described operation, and to what only the native API can ask for.
    elsewhere = {
        "ERROR_AI_NOT_EXISTS",
        "ERROR_ILLEGAL_OPERATION",
        "ERROR_TASK_CONFLICT",
        "ERROR_INVALID_FILE",
    }
    assert set(TABLE.values()) <= described | elsewhere
    assert described <= set(codes())


def test_the_description_follows_the_settings() -> None:
    paths = describe(Settings(metrics=False, status_profile="2025"))["paths"]
    assert "/metrics" not in paths
    answers = paths["/api/image/effects/image-fine-tuning"]["post"]["responses"]
    assert "FILE_DECODING_FAILURE" in answers["400"]["description"]


def test_the_description_is_served(server: RunningServer) -> None:
    served = httpx.get(f"{server.address}/openapi.json").json()
    assert served["openapi"].startswith("3.1")
    assert served["paths"].keys() == describe(Settings())["paths"].keys()
