"""Each reason and each error has a code, and each code is in the reference."""

from __future__ import annotations

import pytest

from windstill import errors
from windstill.http.acs import codes, refusals
from windstill.http.acs.refusals import AcsRefused, acs_code_of, explain
from windstill.http.refusals import Reason
from windstill.jobs import errors as jobs


def every(kind: type[errors.WindstillError]) -> list[type[errors.WindstillError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every(child))]


def test_every_reason_and_error_has_a_code() -> None:
    assert set(Reason) <= set(refusals.TABLE)
    assert set(refusals.TABLE.values()) <= set(codes.acs_codes())
    for kind in every(errors.WindstillError):
        assert acs_code_of(kind).status >= 400


def test_an_unexpected_error_tells_nothing() -> None:
    assert explain(ZeroDivisionError("hush")) == (
        500,
        "InternalError",
        "An internal error occurred.",
    )
    broken = jobs.StoreError("hush")
    assert explain(broken)[:2] == (503, "ServiceUnavailable")
    assert "hush" not in explain(broken)[2]


def test_names_and_texts_are_filled_in() -> None:
    missing = explain(AcsRefused("Missing{name}", name="Url"))
    assert missing == (400, "MissingUrl", "Url is mandatory for this action.")
    photo = explain(errors.PhotoTooLarge("The photo is 9x9 pixels; at most 8."))
    assert photo[2] == "The image's resolution is not allowed. The photo is 9x9 pixels; at most 8."


@pytest.mark.parametrize("name", codes.acs_codes())
def test_every_code_is_in_the_reference(name: str) -> None:
    assert f"`{name.replace('{name}', '…')}`" in codes.reference()
