"""How to add an extra to this installation, wherever it was installed from."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit


def pip_command(extra: str) -> str:
    """The command that installs Windstill once more with an extra.

    An installation remembers the wheel, folder or repository that it came from (PEP 610).
    """
    return f"pip install '{_requirement(extra)}'"


def needs(what: str, package: str | None, extra: str) -> str:
    """What is said where a package of an extra is missing."""
    return f"{what} the package {package}: {pip_command(extra)}"


def _requirement(extra: str) -> str:
    origin = _origin()
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        version = origin["vcs_info"]
        return f"windstill[{extra}] @ {version['vcs']}+{url}@{version['commit_id']}"
    if "dir_info" in origin:
        folder = unquote(urlsplit(url).path)
        return f"{folder}[{extra}]"
    return f"windstill[{extra}] @ {url}" if url else f"windstill[{extra}]"


def _origin() -> dict[str, dict[str, str]]:
    try:
        told = distribution("windstill").read_text("direct_url.json")
        origin = json.loads(told or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return origin if isinstance(origin, dict) else {}
