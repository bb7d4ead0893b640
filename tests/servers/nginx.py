"""The real nginx, for tests of the configurations that the project ships and recommends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.s3 import running


@contextmanager
def nginx(folder: Path, text: str, port: int) -> Iterator[None]:
    """Inside, nginx listens on a port of loopback, as `text` (of the http block) tells it to."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {places} {text} }}\n"
    )
    command = [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with running(command, {"PATH": "/usr/bin:/bin"}, port):
        yield
