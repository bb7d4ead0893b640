"""Writes the bill of materials of the image, as CycloneDX 1.6: what the lock pins, with its hashes.

    python deploy/sbom.py build/sbom.json

Nothing is asked of the network: it is what `requirements.txt` beside this file pins, and Windstill.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

DEPLOY = Path(__file__).parent
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill() -> Bom:
    """Windstill, and what it is made of."""
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    bom = Bom()
    own = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        purl=PackageURL("pypi", name=project["name"], version=project["version"]),
        bom_ref="windstill",
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
    )
    bom.metadata.component = own
    parts = list(packages((DEPLOY / "requirements.txt").read_text()))
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(own, parts)
    return bom


def packages(lock: str) -> list[Component]:
    """A component for each pin of a lock. One file of each is installed; all hashes are given."""
    return [
        Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=name.lower(), version=version),
            bom_ref=f"{name}=={version}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=h) for h in _HASH.findall(rest)],
        )
        for name, version, rest in _PIN.findall(lock)
    ]


def main(path: str) -> None:
    """Writes the bill to a file."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    outputter = make_outputter(bill(), OutputFormat.JSON, SchemaVersion.V1_6)
    target.write_text(outputter.output_as_string(indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
