"""The error codes of the signed API, read from the table beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class AcsCode:
    """One error code.

    status: of HTTP. source: "documented" by the vendor, "seen" in public logs of clients, "by
    analogy" with what other actions said, or "chosen" here. text: with fields in braces.
    """

    name: str
    status: int
    source: str
    text: str


@cache
def acs_codes() -> dict[str, AcsCode]:
    """Every code by its name."""
    table = files("windstill.http.acs").joinpath("codes.tsv").read_text(encoding="utf-8")
    found = {}
    for line in table.splitlines()[1:]:
        name, status, source, text = line.split("\t")
        found[name] = AcsCode(name, int(status), source, text)
    return found


def reference() -> str:
    """All codes, as the rows of a Markdown table."""
    lines = ["| code | status | from | message begins |", "| --- | --- | --- | --- |"]
    for code in acs_codes().values():
        name = code.name.replace("{name}", "…")
        text = code.text.replace("{name}", "…").partition("{")[0]
        lines.append(f"| `{name}` | {code.status} | {code.source} | {text} |")
    return "\n".join(lines) + "\n"
