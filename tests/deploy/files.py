"""Everything in deploy/, read as what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
EXAMPLES = {
    "POSTGRES_PASSWORD": "password",
    "RABBITMQ_PASSWORD": "password",
    "S3_ACCESS_KEY": "access",
    "S3_SECRET_KEY": "secret",
    "WEBHOOK_SECRET": "ab" * 32,
}
"""What an operator fills in."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def manifests() -> list[dict[str, Any]]:
    """Every Kubernetes object, kustomizations left out."""
    found = []
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            found += list(yaml.safe_load_all(path.read_text()))
    return found


def compose(**variables: str) -> dict[str, Any]:
    """The compose file with anchors and variables in place. Raises KeyError for a missing one."""

    def put(match: re.Match[str]) -> str:
        name, how, otherwise = match.groups()
        return variables[name] if name in variables or how != "-" else str(otherwise)

    text = _VARIABLE.sub(put, (DEPLOY / "compose.yaml").read_text())
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, pod specification and container of every pod of the manifests."""
    for manifest in manifests():
        if manifest["kind"] == "Deployment":
            pod = manifest["spec"]["template"]["spec"]
            for container in pod["containers"]:
                yield container["name"], pod, container


def texts() -> dict[str, str]:
    """Every file of deploy/ by its path there."""
    return {
        str(path.relative_to(DEPLOY)): path.read_text()
        for path in sorted(DEPLOY.rglob("*"))
        if path.is_file()
    }
