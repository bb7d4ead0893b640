"""Nothing that can be used is left out of the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import windstill
from tests.docs.site import missing
from windstill import client
from windstill.cli import main
from windstill.errors import WindstillError
from windstill.http import app, codes
from windstill.http.native import problems, routes
from windstill.options import describe
from windstill.settings import describe as describe_settings

site_reference = pytest.importorskip("site_reference")

API = Path(__file__).parents[2] / "docs" / "api"


@cache
def page(name: str) -> str:
    """A page of the reference, as it is made for the site."""
    return str(getattr(site_reference, name)())


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), f"{path} {name}")


def errors(kind: type[WindstillError]) -> Iterator[type[WindstillError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("windstill."):
            yield from errors(child)


def test_every_command_and_flag_is_in_the_reference() -> None:
    _, *parts = re.split(r"^## (windstill[ \w-]*)$", page("commands"), flags=re.M)
    said = dict(zip(parts[::2], parts[1::2], strict=True))
    assert set(said) == {path for path, _ in commands(main, "windstill")}
    for path, command in commands(main, "windstill"):
        flags = {
            flag
            for given in command.params
            if isinstance(given, click.Option) and not given.hidden
            for flag in (*given.opts, *given.secondary_opts)
        }
        assert missing(flags, said[path]) == set(), path


def test_every_option_is_in_the_reference() -> None:
    names = {str(option["name"]) for option in describe()}
    assert missing(names, page("options")) == set()
    choices = {str(choice) for option in describe() for choice in option.get("choices", ())}
    assert missing(choices, page("options")) == set()


def test_every_setting_is_in_the_reference() -> None:
    names = {str(setting["name"]) for setting in describe_settings()}
    assert len(names) > 40
    assert missing(names, page("settings")) == set()


def test_every_error_and_its_code_is_in_the_reference() -> None:
    text = page("errors")
    kinds = set(errors(WindstillError))
    assert missing({kind.__name__ for kind in kinds}, text) == set()
    assert missing({kind.code for kind in kinds}, text) == set()
    told = {problems.meaning_of(kind).code for kind in problems.TABLE} - {""}
    assert missing(told, text) == set()
    assert missing(told, (API / "native.md").read_text()) == set()


def test_every_code_of_the_compatible_api_is_in_the_reference() -> None:
    assert missing(set(codes.codes()), page("error_codes")) == set()


def test_every_public_name_is_in_the_reference() -> None:
    text = page("library") + page("client")
    names = set(windstill.__all__) - {"__version__"}
    assert missing(names | set(client.__all__), text) == set()


def test_every_address_is_in_the_reference() -> None:
    text = "".join((API / name).read_text() for name in ("README.md", "native.md", "operating.md"))
    for route in (*routes.ROUTES, *app.ROUTES):
        if not route.path.startswith("/static/"):
            assert route.path.partition("{")[0] in text


@pytest.mark.parametrize("name", ["commands", "options", "settings", "errors", "library"])
def test_what_is_not_there_would_be_missed(name: str) -> None:
    made_up = {"--made-up", "made_up", "MadeUp", "WINDSTILL_MADE_UP"}
    assert missing(made_up, page(name)) == made_up


def test_a_longer_name_does_not_stand_for_a_shorter_one() -> None:
    assert missing({"--port"}, "--port-range") == {"--port"}
    assert missing({"slots"}, "`slots`") == set()
