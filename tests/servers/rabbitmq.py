"""A message broker for tests: Debian's RabbitMQ, bare, on loopback, in a folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.servers.ports import free_port

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""The server itself; the one in the path changes to a user of its own."""

_START_SECONDS = 90.0
_STOP_SECONDS = 20.0
_CONFIG = """\
listeners.tcp.default = 127.0.0.1:{port}
loopback_users = none
default_user = windstill
default_pass = {password}
heartbeat = 10
log.console = false
log.file.level = warning
"""


def available() -> bool:
    """Whether the server can be started here."""
    return PROGRAM.exists() and shutil.which("epmd") is not None


class RabbitMQ:
    """One node, with its own names, ports and folders, that only loopback reaches.

    The port mapper runs beside it as a child of this process, so that nothing is left behind.
    Neither folder nor address changes when the node is killed and started again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.password = secrets.token_hex(8)
        self.port, self._dist_port, self._epmd_port = (free_port() for _ in range(3))
        self._mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        (folder / "home").mkdir(parents=True)
        (folder / "plugins").write_text("[].")
        config = _CONFIG.format(port=self.port, password=self.password)
        (folder / "rabbitmq.conf").write_text(config)

    @property
    def url(self) -> str:
        """The broker's address, with user and password."""
        return f"amqp://windstill:{self.password}@127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int:
        """The process of the node."""
        assert self._node is not None
        return self._node.pid

    def start(self) -> None:
        """Starts the node, and returns when it answers."""
        if self._mapper is None:
            command = ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd_port)]
            self._mapper = subprocess.Popen(command, **_SILENT)
        self._node = subprocess.Popen(
            [str(PROGRAM)], env=self._environment(), cwd=self.folder, **_SILENT
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._node.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"RabbitMQ did not start; see {self.folder}/log")
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends the node at once, as a power failure would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kills the node, and starts it again with what it had written."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Lets the node hang: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets the node go on after `pause`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends the node and the port mapper."""
        if self._node is not None:
            self._signal(signal.SIGCONT)
        self._end(signal.SIGKILL)
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()
            self._mapper = None

    def __enter__(self) -> RabbitMQ:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _environment(self) -> dict[str, str]:
        folder = self.folder
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_NODENAME": f"windstill-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature-flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # One thread of the machine's few, and only loopback between nodes, too.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+S 1:1 -noinput -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def _answers(self) -> bool:
        """Whether AMQP is spoken: the node listens before it has all its queues."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.settimeout(5)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._node is not None
        with suppress(ProcessLookupError):
            os.killpg(self._node.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._node is None:
            return
        helpers = _group_of(self._node.pid)
        self._signal(number)
        self._node.wait(_STOP_SECONDS)
        self._node = None
        # Its helpers notice that their node is gone; the folder is free when they are, too.
        deadline = time.monotonic() + _STOP_SECONDS
        while any(map(_lives, helpers)) and time.monotonic() < deadline:
            time.sleep(0.01)


_SILENT = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
    "start_new_session": True,
}


def _group_of(leader: int) -> list[int]:
    """The processes below this one; some of them have sessions of their own."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            stat = Path(f"/proc/{name}/stat").read_text()
            parents[int(name)] = int(stat.rpartition(") ")[2].split()[1])
    found = {leader}
    while below := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= below
    return sorted(found - {leader})


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (OSError, IndexError):
        return False
