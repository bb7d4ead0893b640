"""Command-line flags made from the table of options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from windstill.options import Options, describe

Command = TypeVar("Command", bound=Callable[..., Any])

_SHORT = {"format": "-f"}


def option_flags(command: Command) -> Command:
    """Adds one flag for each option; what isn't given arrives as None."""
    for option in reversed(describe()):
        command = _flag(option)(command)
    return command


def chosen_options(given: Mapping[str, object]) -> Options:
    """The options that flags ask for. Raises `InvalidOption`."""
    return Options.parse({name: value for name, value in given.items() if value is not None})


def _flag(option: Mapping[str, Any]) -> Callable[[Command], Command]:
    name, default = str(option["name"]), option["default"]
    words = [f"--{name.replace('_', '-')}", *([_SHORT[name]] if name in _SHORT else [])]
    if isinstance(default, bool):
        return click.option(*words, name, is_flag=True, default=None, help=str(option["help"]))
    shown = f"{option['help']} [{_allowed(option)}default: {default}]"
    return click.option(*words, name, type=_type(option), metavar=_metavar(option), help=shown)


def _type(option: Mapping[str, Any]) -> Any:
    if "choices" in option:
        return click.Choice(option["choices"])
    return str if "words" in option else type(option["default"])


def _metavar(option: Mapping[str, Any]) -> str | None:
    if "choices" in option:
        return "|".join(option["choices"])
    if "words" in option:
        return "|".join([*option["words"], "DEGREES"])
    return "N"


def _allowed(option: Mapping[str, Any]) -> str:
    return f"{option['low']} to {option['high']}; " if "low" in option else ""
