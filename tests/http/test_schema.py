"""The OpenAPI description and the service agree, whatever is generated from it."""

from __future__ import annotations

import contextlib

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.http import photos
from tests.http.running import RunningServer
from windstill.http.app import ROUTES
from windstill.http.codes import codes
from windstill.http.native.problems import MEDIA_TYPE
from windstill.http.openapi import describe
from windstill.http.refusals import TABLE
from windstill.settings import Settings


@pytest.fixture(scope="module")
def api(changed: RunningServer) -> schemathesis.BaseSchema:
    # With the statuses of 2025 a wrong method is 405, as generic checks expect.
    return schemathesis.openapi.from_url(f"{changed.address}/openapi.json")


def explore(
    api: schemathesis.BaseSchema, server: RunningServer, method: str, path: str, count: int
) -> None:
    """Generates `count` requests that fit the description and as many that don't."""
    for mode in GenerationMode:
        with contextlib.suppress(Unsatisfiable):
            try:
                generate(api[path][method], mode, server, count)
            except ValueError as error:
                # The generator sometimes can't judge a file of its own making, and gives up.
                if "Unsupported type: 'Binary'" not in str(error):
                    raise


def generate(
    operation: APIOperation, mode: GenerationMode, server: RunningServer, count: int
) -> None:
    fits = mode is GenerationMode.POSITIVE

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode), st.integers(0, 7))
    def run(case: Case, chance: int) -> None:
        check(case, server, real_photo=fits and chance == 0)

    run()


def check(case: Case, server: RunningServer, real_photo: bool) -> None:
    # What makes bytes a photo can't be said in a schema: some requests get a real one, and the
    # others may be refused.
    excluded: list[CheckFunction] = []
    if case.method == "POST":
        excluded = [positive_data_acceptance]
        if real_photo and isinstance(case.body, dict) and "image" in case.body:
            case.body["image"] = photos.jpeg(40, 40)
    # Every key, lest a generated wrong one beside the right one count as accepted.
    keys = {
        **server.headers,
        "X-RapidAPI-Key": server.key,
        "Authorization": f"Bearer {server.key}",
    }
    case.call_and_validate(headers=keys, excluded_checks=excluded, timeout=60)


OPERATIONS = [
    (method, path)
    for path, item in describe(Settings())["paths"].items()
    for method in item
    if method != "parameters"
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_described(
    api: schemathesis.BaseSchema, changed: RunningServer, method: str, path: str
) -> None:
    explore(api, changed, method, path, 6)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_described_in_two_thousand_cases(
    api: schemathesis.BaseSchema, changed: RunningServer, method: str, path: str
) -> None:
    explore(api, changed, method, path, 500 if "image" in path else 120)


def test_every_route_is_described() -> None:
    described = describe(Settings())["paths"]
    routes = [route for route in ROUTES if not route.path.startswith("/static/")]
    assert {route.path.replace(":path", "") for route in routes} == set(described)
    for route in routes:
        methods = {method.lower() for method in route.methods or ()} - {"head"}
        assert methods <= set(described[route.path.replace(":path", "")])


def test_every_code_in_use_is_described_with_an_example() -> None:
    described = {
        name
        for item in describe(Settings())["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for answer in operation["responses"].values()
        for kind, content in answer.get("content", {}).items()
        if kind != MEDIA_TYPE
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
