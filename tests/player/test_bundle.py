"""`windstill-loop.js`, and the npm package around it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from windstill import __version__
from windstill.web.bundle import bundle

NODE = shutil.which("node")
NPM = shutil.which("npm")
PACKAGE = Path(__file__).parents[2] / "integrations" / "npm"


def test_it_is_a_plain_script_that_loads_nothing() -> None:
    assert not re.search(r"^\s*(import|export)\b", bundle(), re.M)
    assert "eval(" not in bundle()
    assert "new Function" not in bundle()
    assert not re.search(r"https?://", bundle())


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_a_server_may_import_it(tmp_path: Path) -> None:
    """Where there are no elements, it defines none."""
    (tmp_path / "loop.mjs").write_text(bundle())
    command = (str(NODE), "--input-type=module", "-e", 'await import("./loop.mjs")')
    subprocess.run(command, cwd=tmp_path, check=True)


@pytest.mark.skipif(NPM is None, reason="npm is not installed")
def test_the_npm_package_is_ready(tmp_path: Path) -> None:
    """As `make npm` builds it: packed, installed elsewhere, and imported by its name."""
    package = tmp_path / "package"
    shutil.copytree(PACKAGE, package)
    (package / "windstill-loop.js").write_text(bundle())
    (package / "LICENSE").write_text("as the repository's")
    packed = subprocess.run(
        (str(NPM), "pack", "--json", "--ignore-scripts"),
        cwd=package,
        check=True,
        capture_output=True,
        env={**os.environ, "npm_config_cache": str(tmp_path / "cache")},
    )
    [found] = json.loads(packed.stdout)
    assert found["version"] == __version__
    assert {entry["path"] for entry in found["files"]} == {
        "LICENSE", "README.md", "index.d.ts", "package.json", "windstill-loop.js",
    }  # fmt: skip
    modules = tmp_path / "app" / "node_modules" / "windstill-loop"
    shutil.unpack_archive(package / found["filename"], tmp_path / "unpacked")
    shutil.copytree(tmp_path / "unpacked" / "package", modules)
    command = (str(NODE), "--input-type=module", "-e", 'import "windstill-loop"')
    subprocess.run(command, cwd=tmp_path / "app", check=True)


def test_its_readme_and_page_name_every_attribute() -> None:
    observed = re.findall(r"static observedAttributes = \[(.*?)\]", bundle())[0]
    for page in (PACKAGE / "README.md", PACKAGE.parents[1] / "docs" / "how-to" / "web.md"):
        for name in re.findall(r'"(\w+)"', observed):
            assert f"| `{name}` |" in page.read_text(), page
