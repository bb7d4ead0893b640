"""Command-line flags made from the table of settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from windstill.settings import describe

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_flags(command: Command) -> Command:
    """Adds `--config FILE`, and one flag for each setting; what isn't given arrives as None.

    Secrets have none: any user of the machine can read a command line.
    """
    for setting in reversed([row for row in describe() if not row.get("secret")]):
        name = str(setting["name"])
        command = click.option(
            f"--{name.replace('_', '-')}",
            name,
            metavar=_metavar(setting),
            help=f"{setting['help']} [default: {setting['default'] or 'none'}]",
        )(command)
    return click.option(
        "--config",
        "config_file",
        metavar="FILE",
        help="A TOML file with settings; windstill.toml in the data folder unless told.",
    )(command)


def _metavar(setting: dict[str, object]) -> str:
    choices = setting.get("choices")
    if isinstance(choices, tuple):
        return "|".join(choices)
    return {"int": "N", "float": "N", "bool": "true|false"}.get(str(setting["type"]), "TEXT")
