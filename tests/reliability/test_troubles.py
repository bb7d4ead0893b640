"""Disk full, folder read-only, database locked, no handles left: refused properly, and over as
soon as the cause is.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.http import photos
from tests.http.envelopes import checked, succeeded
from tests.http.native.asking import bearer, post
from tests.http.running import RunningServer, until

UNABLE = {"FILE_SERVICE_ERROR", "ERROR_RESOURCE_UNAVAILABLE"}
"""What the compatible API answers while it can't store anything: 502 or 503."""

TITLE = "The service can't work now"
PROBLEMS = {"storage_error", "store_error"}
"""The same in the native API, always 503."""


def check_unable(server: RunningServer) -> None:
    """Asserts that what needs the broken part is refused in order, and readiness tells it."""
    answer = server.animate(photos.jpeg())
    assert answer.status_code in (502, 503), answer.text
    assert checked(answer)["error_detail"]["code"] in UNABLE
    answer = post(server)
    assert (answer.status_code, answer.json()["code"] in PROBLEMS) == (503, True), answer.text
    with server.client() as client:
        until(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/readyz").json()["problems"]
        assert client.get("/livez").status_code == 200


def check_able(server: RunningServer) -> None:
    """Asserts that everything works, without a restart, and nothing is left of the trouble."""
    with server.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
    succeeded(server.animate(photos.jpeg()))
    until(lambda: not [path for path in server.files() if path.parent.name != "results"])
    assert not server.records("unexpected error")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MiB; only root may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Inside, not a byte more fits into the file system."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError):
            while True:
                file.write(bytes(1))
    try:
        yield
    finally:
        filler.unlink()


@pytest.mark.slow
def test_a_full_disk(small_disk: Path, launch: Callable[..., RunningServer]) -> None:
    server = launch(data=small_disk / "data")
    url = succeeded(server.animate(photos.jpeg()))["data"]["url"]
    with filled(small_disk):
        check_unable(server)
        assert httpx.get(url).status_code == 200
    check_able(server)


@pytest.mark.slow
def test_a_disk_that_fills_up_while_a_job_runs(
    small_disk: Path, launch: Callable[..., RunningServer]
) -> None:
    server = launch(data=small_disk / "data")
    job = post(server, photos.jpeg(640, 420), seconds="12", fps="30").json()["id"]

    with server.client(headers=bearer(server)) as client:

        def state() -> str:
            return str(client.get(f"/v1/animations/{job}").json()["state"])

        until(lambda: state() == "running")
        with filled(small_disk):
            until(lambda: client.get("/readyz").status_code == 503)
            until(lambda: not list((server.data / "work").glob(f"{job}-*/result*")))
        until(lambda: state() in ("failed", "succeeded"))
        error = client.get(f"/v1/animations/{job}").json()["error"]
        assert error is None or (error["status"], error["title"]) == (503, TITLE), error
    check_able(server)


@contextmanager
def read_only(root: Path) -> Iterator[None]:
    """Inside, nothing can be made in the folder and those below it, not even by root."""
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    with ExitStack() as undo:
        for folder in folders:
            if os.geteuid():
                undo.callback(folder.chmod, folder.stat().st_mode)
                folder.chmod(0o500)
            else:
                if shutil.which("chattr") is None:
                    pytest.skip("nothing makes a folder read-only for root here")
                undo.callback(subprocess.run, ["chattr", "-i", folder], check=True)
                if subprocess.run(["chattr", "+i", folder]).returncode:
                    pytest.skip("nothing makes a folder read-only for root here")
        yield


def test_a_read_only_folder(launch: Callable[..., RunningServer]) -> None:
    server = launch()
    url = succeeded(server.animate(photos.jpeg()))["data"]["url"]
    with read_only(server.data):
        check_unable(server)
        assert httpx.get(url).status_code == 200
    check_able(server)


def test_a_service_does_not_start_in_a_read_only_folder(
    tmp_path: Path, launch: Callable[..., RunningServer]
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    with read_only(folder), pytest.raises(AssertionError, match="data") as refused:
        launch(data=folder / "data")
    assert "can't" in str(refused.value)
    assert "Traceback" not in str(refused.value)


@pytest.mark.slow
def test_a_locked_database(launch: Callable[..., RunningServer]) -> None:
    """Slow, because the store waits ten seconds for a lock before it gives up."""
    server = launch()
    url = succeeded(server.animate(photos.jpeg()))["data"]["url"]
    with closing(sqlite3.connect(server.data / "windstill.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        check_unable(server)
        with ThreadPoolExecutor(32) as pool:  # each at once, now that it is known
            answers = list(pool.map(lambda _: server.animate(photos.jpeg()), range(32)))
        assert {answer.status_code for answer in answers} == {503}
        assert httpx.get(url).status_code == 200
        db.execute("ROLLBACK")
    check_able(server)


@contextmanager
def limited(server: RunningServer, which: int, value: int) -> Iterator[None]:
    """Inside, the service itself (not what it has started) has a limit of the kernel."""
    before = resource.prlimit(server.process.pid, which)
    resource.prlimit(server.process.pid, which, (value, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, which, before)


def test_a_file_system_that_takes_no_more(launch: Callable[..., RunningServer]) -> None:
    """What a quota does, where no small disk can be had."""
    server = launch()
    succeeded(server.animate(photos.jpeg()))
    with limited(server, resource.RLIMIT_FSIZE, 0):
        for answer in (server.animate(photos.jpeg()), post(server)):
            assert answer.status_code in (502, 503), answer.text
    check_able(server)


def test_no_handles_left(launch: Callable[..., RunningServer]) -> None:
    server = launch()
    succeeded(server.animate(photos.jpeg()))
    handles = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    accepted = []
    with server.client(headers=bearer(server)) as client:
        with limited(server, resource.RLIMIT_NOFILE, handles + 2):
            for _ in range(6):
                with suppress(httpx.TransportError):  # no handle for the connection itself
                    answer = client.post(
                        "/v1/animations",
                        files={"image": photos.jpeg()},
                        data={"seconds": "2", "fps": "8"},
                        timeout=5,
                    )
                    assert answer.status_code in (202, 503), answer.text
                    accepted += [answer.json()["id"]] if answer.status_code == 202 else []
        for job in accepted:
            until(lambda job=job: client.get(f"/v1/animations/{job}").json()["finished_at"])
            ended = client.get(f"/v1/animations/{job}").json()
            code = (ended["error"] or {"code": ended["state"]})["code"]
            assert code in ("succeeded", "storage_error", "job_interrupted")
    check_able(server)
