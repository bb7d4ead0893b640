"""The pages on moving programs over, followed literally with the real clients that they name.

`make clients` installs these, each by itself, as they can't be installed together.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from tests.docs.blocks import blocks
from tests.http import photos
from tests.http.acs.conftest import SIGNED, keys_of, signer
from tests.http.acs.signing import Signer
from tests.http.acs.tls import tls_front
from tests.http.native.receiving import Receiver
from tests.http.running import RunningServer
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[3]
CLIENTS = ROOT / ".venv-clients"
PAGES = ROOT / "docs" / "how-to" / "alibaba"

PROGRAMS = [
    ("python-2.0.12", "python.md", "loop.py"),
    ("python-2.0.11", "python.md", "loop.py"),
    ("python-2.0.11", "python.md", "local.py"),
    ("python-1.0.5", "python-1.md", "loop.py"),
    ("core", "core.md", "loop.py"),
    ("core", "core.md", "common.py"),
    ("none", "others.md", "signed.py"),
    ("node", "node.md", "loop.js"),
    ("node", "pop-core.md", "loop.js"),
]
PATIENCE = {
    "read_timeout=60000": "",
    "    timeout=60,\n": "",
    "{ readTimeout: 60000, connectTimeout: 60000 }": "{}",
    ", timeout: 60000 }": " }",
}
"""How the pages raise timeouts, and what programs have that don't."""


def program(page: str, name: str, client: Signer) -> str:
    """A program of a page, with the addresses of this test."""
    (code,) = (block.code for block in blocks((PAGES / page).read_text()) if block.about == name)
    for there, here in (
        ("127.0.0.1:8080", client.host),
        ("https://photos.example.org/beach.jpg", client.photo),
    ):
        assert there in code or name.startswith("local")
        code = code.replace(there, here)
    return code


def run(kind: str, name: str, code: str, folder: Path, client: Signer, **environ: str) -> Path:
    """Runs a program as its page says, and returns the loop that it must have fetched."""
    installed = CLIENTS / kind
    if kind == "node" and shutil.which("node") is None:
        pytest.skip("node is not installed")
    if kind != "none" and not (installed / ".ready").exists():
        pytest.skip(f"{kind} is not installed: make clients")
    (folder / name).write_text(code)
    (folder / "photo.jpg").write_bytes(photos.jpeg())
    environ |= {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": client.key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": client.secret,
        "PYTHONPATH": str(installed),
        "NODE_PATH": str(installed / "node_modules"),
        "HOME": str(folder),
    }
    done = subprocess.run(
        ("node" if kind == "node" else sys.executable, name),
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / Path(name).with_suffix(".avi")


def check_loop(path: Path) -> None:
    film = cv2.VideoCapture(str(path))
    count = 0
    while film.read()[0]:
        count += 1
    film.release()
    assert count == 16


@pytest.mark.parametrize(("kind", "page", "name"), PROGRAMS)
def test_a_program_works_as_its_page_says(
    kind: str, page: str, name: str, anna: Signer, tmp_path: Path
) -> None:
    check_loop(run(kind, name, program(page, name, anna), tmp_path, anna))


@pytest.mark.parametrize(("kind", "page", "name"), [case for case in PROGRAMS if case[0] != "none"])
def test_it_works_with_the_clients_own_timeouts(
    kind: str, page: str, name: str, anna: Signer, tmp_path: Path
) -> None:
    code = patient = program(page, name, anna)
    for raised, default in PATIENCE.items():
        code = code.replace(raised, default)
    assert code != patient
    check_loop(run(kind, name, code, tmp_path, anna))


def test_pop_core_gets_as_well(anna: Signer, tmp_path: Path) -> None:
    code = program("pop-core.md", "loop.js", anna)
    assert "method: 'POST'" in code
    check_loop(run("node", "loop.js", code.replace("'POST'", "'GET'"), tmp_path, anna))


def test_node_uploads_a_local_file_by_tls(
    launch: Callable[..., RunningServer], album: Receiver, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    port = free_port()
    address = f"https://127.0.0.1:{port}"
    server = launch(**SIGNED, public_url=address)
    client = signer(server, keys_of(server).pair("anna"), album).with_(address=address)
    code = program("node.md", "local.js", client).replace("loops.example.org", client.host)
    with tls_front(port, int(server.address.rpartition(":")[2]), tmp_path) as certificate:
        trusted = {"NODE_EXTRA_CA_CERTS": str(certificate)}
        check_loop(run("node", "local.js", code, tmp_path, client, **trusted))


def failing(code: str, attribute: str, expected: str) -> str:
    """A program that succeeds when `code` raises an error with what is expected."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    return (
        f"try:\n{body}except Exception as error:\n"
        f"    assert {attribute} == {expected!r}, error\n"
        "else:\n    raise SystemExit('no error')\n"
    )


ERRORS = {
    "python-2.0.12": ("python.md", "loop.py", "error.code"),
    "python-2.0.11": ("python.md", "loop.py", "error.code"),
    "python-1.0.5": ("python-1.md", "loop.py", "error.code"),
    "core": ("core.md", "loop.py", "error.error_code"),
}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize(
    ("changed", "code"),
    [("/none.jpg", "InvalidFile.Download"), ("/film.gif", "InvalidFile.Type")],
)
def test_a_client_knows_the_error(
    kind: str, changed: str, code: str, anna: Signer, album: Receiver, tmp_path: Path
) -> None:
    page, name, attribute = ERRORS[kind]
    text = failing(program(page, name, anna.with_(photo=album.address + changed)), attribute, code)
    run(kind, name, text, tmp_path, anna)


def test_a_wrong_secret_is_known_to_the_core_sdk(anna: Signer, tmp_path: Path) -> None:
    text = failing(
        program("core.md", "loop.py", anna), "error.error_code", "InvalidAccessKeySecret"
    )
    run("core", "loop.py", text, tmp_path, anna.with_(secret="hush"))
