"""The documented error codes of the compatible API, read from the table beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from windstill.settings import StatusProfile


@dataclass(frozen=True)
class Code:
    """One documented error code.

    name: what clients find in error_detail.code. current, former: the HTTP status that the
    vendor documents now, and documented in 2025. group: the older, coarser name that goes into
    error_code_str. text: the documented description.
    """

    name: str
    current: int
    former: int
    group: str
    text: str

    def status(self, profile: StatusProfile) -> int:
        """The HTTP status under `profile`."""
        return self.current if profile == "current" else self.former


@cache
def codes() -> dict[str, Code]:
    """Every documented code by its name, in the documented order."""
    table = files("windstill.http").joinpath("codes.tsv").read_text(encoding="utf-8")
    found = {}
    for line in table.splitlines()[1:]:
        name, current, former, group, text = line.split("\t")
        found[name] = Code(name, int(current), int(former), group, text)
    return found


def reference() -> str:
    """All documented codes, as Markdown."""
    lines = [
        "# Error codes",
        "",
        "What `error_detail.code` can be on the compatible platform, in its own order. *Status*",
        "is the HTTP status with the setting `status_profile = current`, *in 2025* the one with",
        "`2025`. *Group* is what `error_code_str` says; the platform documents some of these, the",
        "others are our reading.",
        "",
        "| code | status | in 2025 | group | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for code in codes().values():
        group = "the same" if code.group == code.name else f"`{code.group}`"
        lines.append(f"| `{code.name}` | {code.current} | {code.former} | {group} | {code.text} |")
    return "\n".join(lines) + "\n"
