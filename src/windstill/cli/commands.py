"""Finding commands without importing them, and turning what they raise into exit statuses."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import Any

import click

from windstill.cli.streams import mend, silence_output
from windstill.errors import WindstillError

COMMANDS = {
    "animate": ("animate:animate", "Turn photos into looping videos."),
    "mattes": ("mattes:mattes", "Show where a photo's sky and hair were found."),
    "preview": ("preview:preview", "Open the web page on a photo."),
    "serve": ("serve:serve", "Serve the compatible API over HTTP."),
    "mcp": ("mcp:mcp", "Serve assistants over the Model Context Protocol."),
    "worker": ("worker:worker", "Run jobs that services on other machines take in."),
    "keys": ("keys:command", "Manage the service's API keys."),
    "erase": ("erase:erase", "Erase single results by their links."),
    "config": ("config:config", "Look at the service's settings."),
    "bench": ("bench:bench", "Measure this installation."),
    "compare": ("compare:compare", "Make a page that plays clips side by side."),
    "doctor": ("doctor:doctor", "Check that everything needed works here."),
    "completion": ("completion:completion", "Print a shell's completion script."),
}
"""Name of each command, where it is, and its line in the overview."""

INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + signal.SIGPIPE


class Commands(click.Group):
    """The commands of the table above."""

    def __init__(self, **settings: Any) -> None:
        version = click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Show the version and exit.",
        )
        super().__init__(params=[version], **settings)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports one command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        found: click.Command = getattr(import_module(f"windstill.cli.{module}"), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a reader of its output that has gone ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Python would complain when it flushes at exit.
            silence_output()
            return BROKEN_PIPE

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the command line and exits with its status."""

        def run() -> Any:
            return super(Commands, self).main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        if not standalone_mode:
            return run()
        mend()
        return sys.exit(_status_of(run))


def _status_of(run: Any) -> int:
    try:
        _end_tidily_on_sigterm()
        result = run()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        silence_output()
        return BROKEN_PIPE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except WindstillError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_status
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED


def _end_tidily_on_sigterm() -> None:
    """Lets SIGTERM unwind like an interrupt, so that nothing half-written remains."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread: the embedding program decides
        pass


def _print_version(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        from windstill import __version__

        click.echo(f"windstill {__version__}")
        ctx.exit()
