"""The table of settings as data, and as a page."""

from __future__ import annotations

from dataclasses import fields

from windstill.settings.loading import CONFIG_NAME, CONFIG_VARIABLE, PREFIX
from windstill.settings.table import Settings
from windstill.settings.values import allowed


def describe() -> list[dict[str, object]]:
    """Name, group, default, help and rule of every setting, in order; for flags and docs."""
    return [
        {
            "name": spec.name,
            "variable": f"{PREFIX}{spec.name.upper()}",
            "type": type(spec.default).__name__,
            "default": spec.default,
            "allowed": allowed(spec),
            **spec.metadata,
        }
        for spec in fields(Settings)
    ]


def reference() -> str:
    """The operator's reference of all settings, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Each setting can be given in a TOML file, in the environment, and as a flag of",
        "`windstill serve` and `windstill worker`; later ones win. The file is the one named by",
        f"`--config` or `{CONFIG_VARIABLE}`, or `{CONFIG_NAME}` in the data folder. A name in the",
        "file is the one below; the flag has hyphens instead of underscores. Secrets have no flag,",
        "and a password in an address is better given in the environment, too.",
        "`windstill config show` tells every value and where it came from.",
    ]
    group = None
    for row in describe():
        if row["group"] != group:
            group = row["group"]
            lines += ["", f"## {str(group)[0].upper()}{str(group)[1:]}", ""]
            lines += ["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
        default = str(row["default"]).lower() if row["type"] == "bool" else row["default"]
        shown_default = f"`{default}`" if default != "" else "empty"
        meaning = f"{row['help']} `{row['variable']}`"
        lines.append(f"| `{row['name']}` | {shown_default} | {row['allowed']} | {meaning} |")
    return "\n".join(lines) + "\n"
