from __future__ import annotations

import pickle

import pytest

from windstill.errors import WindstillError
from windstill.jobs import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, WindstillError) and kind is not WindstillError
]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(kind.__doc__ for kind in KINDS)


def test_the_tree_in_the_docstring_is_complete() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert f"── {kind.__name__}" in errors.__doc__ or kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind: type[WindstillError]) -> None:
    again = pickle.loads(pickle.dumps(kind("message", field="here")))
    assert (type(again), again.message, again.field) == (kind, "message", "here")


def test_a_refusal_keeps_its_time_when_pickled() -> None:
    refusal = errors.QueueFull("full", retry_after=7.5)
    assert pickle.loads(pickle.dumps(refusal)).retry_after == 7.5
