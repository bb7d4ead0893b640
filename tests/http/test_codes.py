"""The table of documented codes, and how the errors of Windstill are answered by it."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException

from windstill import errors
from windstill.http.codes import codes
from windstill.http.refusals import TABLE, Reason, code_for, code_of, failure_of
from windstill.jobs import errors as jobs
from windstill.jobs.model import Failure


def every_kind() -> list[type[errors.WindstillError]]:
    found, waiting = [], [errors.WindstillError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found


def test_all_documented_codes_are_there() -> None:
    table = codes()
    assert len(table) == 126
    assert sum(code.current != code.former for code in table.values()) == 48
    for name, code in table.items():
        assert code.name == name
        assert 400 <= code.current < 600
        assert 400 <= code.former < 600
        assert code.group in table
        assert code.text.endswith((".", ")."))


@pytest.mark.parametrize(
    ("name", "current", "former", "group"),
    [
        ("ERROR_NO_FACE_IN_FILE", 422, 422, "FILE_CONTENT_NON_COMPLIANCE"),
        ("FILE_DECODING_FAILURE", 422, 400, "FILE_DECODING_FAILURE"),
        ("ERROR_ILLEGAL_OPERATION", 403, 405, "ERROR_PARAMETERS"),
        ("AI_SERVICE_ERROR", 502, 500, "AI_SERVICE_ERROR"),
    ],
)
def test_rows_of_the_table(name: str, current: int, former: int, group: str) -> None:
    code = codes()[name]
    assert (code.status("current"), code.status("2025"), code.group) == (current, former, group)


def test_every_reason_has_a_documented_code() -> None:
    assert set(Reason) <= TABLE.keys()
    assert set(TABLE.values()) <= codes().keys()


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_every_error_is_answered_and_survives_a_job(kind: type[errors.WindstillError]) -> None:
    error = kind("What was wrong.")
    again = failure_of(Failure.of(error))
    assert code_for(again) is code_for(error)
    assert again.message == error.message


def test_errors_of_unknown_kinds_are_the_services_fault() -> None:
    assert code_for(ValueError("secret")).name == "SERVICE_INTERNAL_ERROR"
    assert code_for(HTTPException(405)).name == "ERROR_ILLEGAL_OPERATION"
    assert code_for(HTTPException(418)).name == "ERROR_PARAMETERS"
    assert code_of(jobs.JobCrashed).name == "AI_SERVICE_INTERNAL_ERROR"
    unknown = failure_of(Failure("from_another_version", "Something.", None))
    assert isinstance(unknown, jobs.InternalError)
