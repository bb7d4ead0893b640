"""A database server for tests: Debian's PostgreSQL on loopback, in a folder of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.ports import free_port

_START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    "logging_collector": "off",
}


def programs() -> Path | None:
    """The folder of the server's programs; None where it isn't installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class PostgresServer:
    """One server, which only loopback reaches; `url` is an empty database on it.

    Neither folder nor address changes when it is killed and started again. Use `start_postgres`.
    sync: whether it waits for the disk, as tests need not.
    """

    def __init__(self, folder: Path, *, sync: bool = False, **settings: str) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        self._settings = {**_SETTINGS, "fsync": "on" if sync else "off", **settings}
        self.password = secrets.token_hex(8)
        self.port = free_port()
        self.log = folder / "postgres.log"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        # The server refuses to run as root, and another user can't reach what is root's own.
        self._user: dict[str, Any] = {}
        self.folder = folder
        if os.getuid() == 0:
            self.folder = Path(tempfile.mkdtemp(prefix="windstill-postgres-"))
            other = pwd.getpwnam("nobody")
            os.chown(self.folder, other.pw_uid, other.pw_gid)
            self._user = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
        self._initialize()

    @property
    def url(self) -> str:
        """The address of a database, with user and password."""
        return self.url_of("windstill")

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None
        return self._process.pid

    def url_of(self, name: str) -> str:
        """The address of the database of this name."""
        return f"postgresql://windstill:{self.password}@127.0.0.1:{self.port}/{name}"

    def create_database(self, template: str = "template1") -> str:
        """The address of a new database; takes some 20 ms."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Removes a database; fails if somebody is still connected to it."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]}")

    def execute(self, statement: str) -> None:
        """Runs one statement as the server's owner."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Starts the server, and returns when it answers."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, f"--port={self.port}", *settings],
                cwd=self.folder,
                env={"LC_ALL": "C.UTF-8"},
                stdout=log,
                stderr=log,
                **self._user,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends all of the server in one moment, as a power failure would."""
        for pid in (self.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._wait()
        while self._alive():
            time.sleep(0.01)

    def restart(self) -> None:
        """Stops it if it runs, which ends every connection, and starts it again."""
        self._end(signal.SIGINT)
        self.start()

    def stop(self) -> None:
        """Ends the server and removes its files."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder if self._user else self._data, ignore_errors=True)

    def suspend(self) -> None:
        """Lets the server stand still: it takes connections and does not answer."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._signal_all(signal.SIGCONT)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialize(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        subprocess.run(
            [
                self._programs / "initdb",
                f"--pgdata={self._data}",
                "--username=windstill",
                "--auth=password",
                f"--pwfile={secret}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ],
            cwd=self.folder,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            check=True,
            stdout=subprocess.DEVNULL,
            **self._user,
        )
        secret.unlink()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self.resume()
            self._process.send_signal(how)
            self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _signal_all(self, how: signal.Signals) -> None:
        for pid in (self.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    def _children(self) -> list[int]:
        try:
            told = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(pid) for pid in told.split()]

    def _alive(self) -> bool:
        """Whether a process still works in the data folder, which the next start would refuse."""
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if process.name.isdigit() and os.readlink(process / "cwd") == str(self._data):
                    return True
        return False


def start_postgres(folder: Path, *, sync: bool = False, **settings: str) -> PostgresServer:
    """A server that answers, with an empty database; `stop` it at the end. Takes about a second."""
    server = PostgresServer(folder, sync=sync, **settings)
    try:
        server.start()
        server.execute("CREATE DATABASE windstill")
    except BaseException:
        server.stop()
        raise
    return server
