"""`windstill config`: what the service is set to, and why."""

from __future__ import annotations

import click

from windstill.cli.settings_flags import settings_flags
from windstill.settings import load


@click.group()
def config() -> None:
    """Look at the service's settings."""


@config.command()
@settings_flags
def show(config_file: str | None, **flags: str | None) -> None:
    """Show every setting, its value, and where the value came from; secrets are masked.

    Example: windstill config show --data data
    """
    rows = [("setting", "value", "from"), *load(flags, file=config_file).rows()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        click.echo(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}")
