"""Reference pages made from the code, so that they can't differ from it. Each is Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
import site_library

from windstill.cli import main
from windstill.cli import work as cli_work
from windstill.client import errors as client_errors
from windstill.errors import WindstillError
from windstill.http import codes, refusals
from windstill.http.acs import codes as acs_codes
from windstill.http.native import problems
from windstill.options import describe
from windstill.settings import reference as settings

__all__ = ["client", "commands", "error_codes", "errors", "library", "options", "settings"]

# Imported so that their errors are in the tree.
_WITH_ERRORS = (cli_work, client_errors)

error_codes = codes.reference
library = site_library.page
client = site_library.client_page


def commands() -> str:
    """Every command with its arguments, options and examples."""
    parts = ["# Commands\n"]
    for path, command in _commands(main, "windstill"):
        context = click.Context(command, info_name=path)
        usage = " ".join(command.collect_usage_pieces(context))
        parts.append(f"## {path}\n\n```text\n{path} {usage}\n```\n")
        parts.append(site_library.prose(command.help or ""))
        records = (given.get_help_record(context) for given in command.get_params(context))
        rows = [(_code(record[0]), _text(record[1])) for record in records if record]
        parts.append(_table(("option", "what"), rows))
        parts.append(site_library.prose(command.epilog or ""))
    return "\n".join(parts)


def options() -> str:
    """Every option of an animation."""
    rows = []
    for option in describe():
        name, default = str(option["name"]), option["default"]
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        names = f"`{name}`<br>`--{name.replace('_', '-')}`"
        rows.append((names, f"`{shown}`", _allowed(option), _text(str(option["help"]))))
    return (
        "# Options\n\n"
        "The same options, with the same rules, are fields of `windstill.Options`, fields of the "
        "form of `POST /v1/animations`, and flags of `windstill animate`. What is outside its "
        "range, and what a format can't do, is refused, never ignored.\n\n"
        + _table(("option", "default", "allowed", "what"), rows)
    )


def errors() -> str:
    """Every error of the tree, and how the command line and the two APIs tell it."""
    head = ("error", "code, that of the compatible API", "status", "exit status")
    only_http = [
        (f"`{meaning.code}`", meaning.status, meaning.title)
        for kind, meaning in problems.TABLE.items()
        if isinstance(kind, refusals.Reason)
    ]
    return (
        "# Errors\n\n"
        "What goes wrong on purpose is one tree of exceptions. `code` is stable: the library has "
        "it as `error.code`, `--json` and the [native API](../api/native.md) as `code`. The one in "
        "capitals is what the [compatible API](../api/README.md) makes of it, *status* that of "
        "the native API, *exit status* that of the command line. Some can only be met on this "
        "machine, or only by a client.\n\n"
        + _table(head, [_error_row(kind, depth) for kind, depth in _tree(WindstillError, 0)])
        + "\n## Refused requests\n\nThese go wrong only over HTTP, and have no exception.\n\n"
        + _table(("code", "status", "what"), only_http)
        + "\n## Codes of the signed API\n\n"
        "What clients of [GenerateDynamicImage](../how-to/alibaba.md) are told as `Code`. *From* "
        "is how the code is known: documented by the vendor, seen in public logs of its clients, "
        "named by analogy with other actions, or chosen here.\n\n" + acs_codes.reference()
    )


def _error_row(kind: type[WindstillError], depth: int) -> tuple[object, ...]:
    native, compatible = problems.meaning_of(kind), refusals.code_of(kind)
    name = f'<span class="deep{depth}">`{kind.__name__}`<br>{_text(_meaning(kind))}</span>'
    return name, f"`{kind.code}`<br>`{compatible.name}`", native.status, kind.exit_status


def _meaning(kind: type[WindstillError]) -> str:
    """What an error means: the first paragraph of its docstring, or its line in the tree."""
    own = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    tree = inspect.getmodule(kind).__doc__ or ""
    line = re.search(rf"── {kind.__name__} +(\S.*)", tree)
    if own or line is None:
        return own
    return f"{line[1][0].upper()}{line[1][1:]}."


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _commands(found, f"{path} {name}")


def _tree(kind: type[WindstillError], depth: int) -> Iterator[tuple[type[WindstillError], int]]:
    yield kind, depth
    for child in kind.__subclasses__():
        yield from _tree(child, depth + 1)


def _allowed(option: dict[str, Any]) -> str:
    if "choices" in option:
        return ", ".join(f"`{choice}`" for choice in option["choices"])
    if option["type"] == "bool":
        return "`true`, `false`"
    words = "".join(f"`{word}`, " for word in option.get("words", ()))
    return f"{words}{option['low']} to {option['high']}"


def _table(head: tuple[object, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _code(text: str) -> str:
    return f"<code>{site_library.escaped(' '.join(text.split())).replace('|', '&#124;')}</code>"


def _text(text: str) -> str:
    return site_library.escaped(" ".join(text.split())).replace("|", "&#124;")
