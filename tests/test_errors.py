from __future__ import annotations

import pickle

import pytest

from windstill import errors
from windstill.errors import WindstillError


def tree(kind: type[WindstillError] = WindstillError) -> list[type[WindstillError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in tree(child))]


OWN = [kind for kind in tree() if kind.__module__ == errors.__name__]


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in OWN]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", OWN)
def test_errors_survive_the_way_between_processes(kind: type[WindstillError]) -> None:
    error = pickle.loads(pickle.dumps(kind("something", field="somewhere")))
    assert type(error) is kind
    assert (str(error), error.field) == ("something", "somewhere")


@pytest.mark.parametrize("kind", OWN)
def test_every_error_is_drawn_in_the_tree(kind: type[WindstillError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
