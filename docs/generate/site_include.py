"""What pages take from other files of the repository while the site is built.

    <!-- include: docs/api/samples/animate.sh -->
    <!-- include: benchmarks/quality.md; under: Skies; rows: goal, windstill; columns: seam -->

The first form takes a whole file, as code; the second the first table under a heading, its rows
that begin with one of the names, and of the columns the first and the named ones.
"""

from __future__ import annotations

import re
from pathlib import Path

LANGUAGES = {".cs": "csharp", ".mjs": "javascript", ".py": "python", ".sh": "sh"}

_DIRECTIVE = re.compile(
    r"^<!-- include: (?P<path>[\w./-]+)(?P<rules>(?:; \w+: [^;]+?)*) -->$", re.M
)
_ROW = re.compile(r"^\|.*\|$")


def filled(markdown: str, root: Path) -> str:
    """The page's text with what its directives name. Raises `LookupError` for what is not there.

    root: the repository.
    """

    def fill(found: re.Match[str]) -> str:
        path = root / found["path"]
        rules = dict(rule.split(": ", 1) for rule in found["rules"].split("; ")[1:])
        if not path.is_file():
            raise LookupError(f"there is no {found['path']} to include")
        return _table(path.read_text(), **rules) if rules else as_code(path)

    return _DIRECTIVE.sub(fill, markdown)


def as_code(path: Path) -> str:
    """A file as a block of code."""
    language = LANGUAGES.get(path.suffix, path.suffix.removeprefix(".") or "text")
    return f"```{language}\n{path.read_text().rstrip()}\n```"


def _table(text: str, *, under: str, rows: str = "", columns: str = "") -> str:
    head, line, *body = [_cells(line) for line in _lines(text, under)]
    chosen = [0, *(_index(head, name) for name in columns.split(", "))] if columns else None
    if rows:
        names = rows.split(", ")
        missing = [name for name in names if not any(row[0].startswith(name) for row in body)]
        if missing:
            raise LookupError(f"no row under {under!r} begins with {', '.join(missing)}")
        body = [row for row in body if row[0].startswith(tuple(names))]
    shown = [[row[at] for at in chosen] if chosen else row for row in (head, line, *body)]
    return "\n".join(f"| {' | '.join(row)} |" for row in shown)


def _lines(text: str, under: str) -> list[str]:
    """The first table below a heading."""
    _, heading, rest = text.partition(f"# {under}\n")
    lines = rest.splitlines()
    first = next((at for at, line in enumerate(lines) if _ROW.match(line)), None)
    if not heading or first is None:
        raise LookupError(f"there is no table under a heading {under!r}")
    end = next((at for at in range(first, len(lines)) if not _ROW.match(lines[at])), len(lines))
    return lines[first:end]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _index(head: list[str], name: str) -> int:
    if name not in head:
        raise LookupError(f"there is no column {name!r}; there are {', '.join(head)}")
    return head.index(name)
