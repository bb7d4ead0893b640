"""What a release needs: a bill of materials, and bases that are named by digest."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.files import DEPLOY, ROOT, texts

FILES = texts()
PINS = re.findall(r"^([\w.-]+)==(\S+)", FILES["requirements.txt"], re.MULTILINE)
DIGEST = "sha256:" + "7" * 64


def images(text: str) -> list[str]:
    """The images that a file of deploy/ builds on or runs, but the service's own."""
    found = re.findall(r"^(?:FROM|ARG BASE=|# syntax=| +image:) *(\S+)", text, re.MULTILINE)
    return [image for image in found if image not in ("windstill", "${BASE}")]


def test_the_bill_of_materials_has_every_package_with_its_hashes(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    subprocess.run([sys.executable, DEPLOY / "sbom.py", target], cwd=ROOT, check=True, timeout=60)
    bill = json.loads(target.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "windstill"
    parts = {(each["name"], each["version"]): each for each in bill["components"]}
    assert parts.keys() == set(PINS)
    lock = FILES["requirements.txt"]
    for (name, version), part in parts.items():
        assert part["purl"] == f"pkg:pypi/{name.lower()}@{version}"
        assert part["hashes"]
        for each in part["hashes"]:
            assert f"--hash=sha256:{each['content']}" in lock
    assert sum(len(part["hashes"]) for part in parts.values()) == lock.count("--hash=sha256:")


def test_every_image_is_named_once_and_by_digest() -> None:
    named = [image for name in ("Dockerfile", "compose.yaml") for image in images(FILES[name])]
    assert len(named) == len(set(named)) == 5
    for image in named:
        assert re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", image), image


def test_pinning_names_every_base_by_its_digest_and_changes_nothing_else(tmp_path: Path) -> None:
    for name in ("Dockerfile", "compose.yaml", "pin-images"):
        shutil.copy(DEPLOY / name, tmp_path / name)
    (tmp_path / "docker").write_text(f"#!/bin/sh\necho {DIGEST}\n")
    (tmp_path / "docker").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run([tmp_path / "pin-images"], env=environment, check=True, timeout=60)
    for name in ("Dockerfile", "compose.yaml"):
        pinned = (tmp_path / name).read_text()
        assert images(pinned)
        assert all(image.endswith(f"@{DIGEST}") for image in images(pinned))
        assert re.sub(r"@sha256:\w+", "", pinned) == re.sub(r"@sha256:\w+", "", FILES[name])
