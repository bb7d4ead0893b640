"""The service's side: starting the fork server, and watching over one job's process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from windstill.jobs.supervise import wire
from windstill.jobs.supervise.sandbox import Confinement
from windstill.jobs.supervise.spares import SparePlan

_MAX_MESSAGES = 100_000
_LOST_WAIT = 10_000
"""Milliseconds to wait for the end of a process whose server died; the kernel kills it at once."""

_PATIENCE = 120.0
"""Seconds a server may take to load its modules, or to take an order."""

_FAREWELL = 10.0
"""Seconds a server may take to end its jobs and itself; more only if a process can't be killed."""

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")

Why = Literal["deadline", "cancelled", "abandoned", "misbehaved", "lost"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a job's process is to do, in which folder and within which limits.

    limits: "memory", "file_size" in bytes, "open_files", "cpu_seconds". nice: how much it gives
    way to others.
    """

    task: str
    folder: str
    payload: Mapping[str, Any]
    threads: int
    limits: Mapping[str, int]
    nice: int = 0

    def message(self) -> dict[str, Any]:
        """The order as sent to the server."""
        return {
            "task": self.task,
            "folder": self.folder,
            "payload": dict(self.payload),
            "threads": self.threads,
            "limits": dict(self.limits),
            "nice": self.nice,
        }


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job's process ended. It is gone, and so is all it started, unless the server died
    (`why` is "lost"): then `linux.end_all_in` finds what may be left.

    reply: its last message but progress. why: what the supervisor ended it for. status: as from
    waitpid; None if the server died. seconds: wall time. cpu_seconds, peak_memory (bytes): used.
    """

    reply: Mapping[str, Any] | None
    why: Why | None
    status: int | None
    seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0


class ForkServer:
    """Starts job processes; starts itself again when it was killed.

    preload: modules that jobs find loaded. kept: a file that the server is to hold open until the
    last job is gone, such as a lock. spares: processes that wait for jobs; None for none.
    confinement: which files jobs may see; None: all that the service's user may.
    """

    def __init__(
        self,
        preload: tuple[str, ...] = (),
        kept: int | None = None,
        spares: SparePlan | None = None,
        confinement: Confinement | None = None,
    ) -> None:
        self.preload = preload
        self.kept = kept
        self.spares = spares
        self.confinement = confinement
        self.starts = 0
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until its modules are loaded, or `problems` tells why not.

        A server that dies meanwhile is no error: `spawn` starts another.
        """
        with self._lock:
            try:
                self._start()
            except wire.WireError as error:
                self._stop()
                self.problems = [f"the fork server died: {error}"]

    def spawn(self, order: Order) -> JobProcess:
        """Starts a job's process.

        Raises ValueError for an order that is too long, `WireError` when no server or no process
        can be had.
        """
        message = order.message()
        wire.encode(message)
        try:
            return self._spawn(message)
        except OSError as error:
            raise wire.WireError(f"no process can be had: {error}") from error

    def _spawn(self, message: dict[str, Any]) -> JobProcess:
        hold, hold_far = wire.pair()
        try:
            report, report_far = wire.pair()
        except OSError:
            hold.close()
            hold_far.close()
            raise
        try:
            with hold_far, report_far, self._lock:
                fds = (hold_far.fileno(), report_far.fileno())
                try:
                    wire.send(self._connection(), message, fds)
                except wire.WireError:
                    # It died just now; whatever it ran died with it.
                    self._stop()
                    wire.send(self._connection(), message, fds)
            return JobProcess(hold, report)
        except BaseException:
            hold.close()
            report.close()
            raise

    def close(self) -> None:
        """Ends the server and every job, and waits until they are gone."""
        with self._lock:
            self._stop()

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        process = self._process
        return process is not None and process.poll() is None

    def _connection(self) -> socket.socket:
        if self._control is not None and self.alive:
            return self._control
        self._stop()
        return self._start()

    def _start(self) -> socket.socket:
        control, far = wire.pair()
        control.settimeout(_PATIENCE)
        kept = () if self.kept is None else (self.kept,)
        program = (
            f"from windstill.jobs.supervise.server import main; main({far.fileno()}, {self.kept!r})"
        )
        environment = {
            # No secret that the service was given by its environment is a job's business.
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PYTHONPATH": os.pathsep.join(os.path.abspath(entry) for entry in sys.path),
            # One thread while it forks, and no address space lost to unused arenas.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        with far:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-c", program],
                stdin=subprocess.DEVNULL,
                pass_fds=(far.fileno(), *kept),
                env=environment,
                start_new_session=True,
            )
        self._control = control
        self.starts += 1
        spares = None if self.spares is None else asdict(self.spares)
        confinement = None if self.confinement is None else asdict(self.confinement)
        hello = {"preload": list(self.preload), "spares": spares, "confinement": confinement}
        wire.send(control, hello)
        ready, _ = wire.receive(control)
        self.problems = list((ready or {"problems": ["the fork server died"]})["problems"])
        return control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_FAREWELL)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


@dataclass(eq=False)
class JobProcess:
    """One running job's process, watched by the thread that calls `watch`."""

    hold: socket.socket
    report: socket.socket
    _why: Why | None = None
    _reply: dict[str, Any] | None = None
    _notice: dict[str, Any] | None = None
    _pidfd: int | None = None
    _messages: int = 0
    _kill_at: float | None = None
    _wake: int = field(default_factory=lambda: os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def end(self, why: Why) -> None:
        """Has the process ended, from any thread; `watch` returns once it is gone."""
        with self._lock:
            if self._why is None and self._wake >= 0:
                self._why = why
                os.eventfd_write(self._wake, 1)

    def watch(self, seconds: float, grace: float, progress: Callable[[str, float], None]) -> Ended:
        """Follows the process to its end, ends it after `seconds` of wall time: first asks it
        to, and kills it `grace` seconds later. Returns when nothing of it is left.
        """
        begin = time.monotonic()
        deadline = begin + seconds
        poll = select.poll()
        for source in (self.hold.fileno(), self.report.fileno(), self._wake):
            poll.register(source, select.POLLIN)
        self.hold.setblocking(False)
        self.report.setblocking(False)
        try:
            while self._notice is None and self._why != "lost":
                ready = {fd for fd, _ in poll.poll(self._timeout(deadline))}
                if self.report.fileno() in ready and not self._read_reports(progress):
                    poll.unregister(self.report)
                if self.hold.fileno() in ready:
                    self._read_hold()
                self._enforce(deadline, grace)
            self._read_reports(progress)
            if self._why == "lost":
                self._kill_lost()
        finally:
            self._close()
        return self._ended(time.monotonic() - begin)

    def _timeout(self, deadline: float) -> float:
        until = deadline
        if self._why is not None:
            # After the kill, only the server's notice is waited for.
            until = self._kill_at if self._kill_at is not None else time.monotonic() + 60
        return max(0.0, until - time.monotonic()) * 1000

    def _enforce(self, deadline: float, grace: float) -> None:
        now = time.monotonic()
        if self._why is None and now >= deadline:
            self.end("deadline")
        if self._why is None or self._why == "lost":
            return
        with contextlib.suppress(BlockingIOError):
            if os.eventfd_read(self._wake):
                self._kill_at = now + grace
                self._ask("gently")
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._ask("now")

    def _ask(self, how: str) -> None:
        with contextlib.suppress(wire.WireError):
            wire.send(self.hold, {"end": how})

    def _read_hold(self) -> None:
        try:
            message, _ = wire.receive(self.hold)
        except (wire.WireError, BlockingIOError):
            return
        if message is None:
            self._why = "lost"
        elif "pid" in message:
            with contextlib.suppress(ProcessLookupError):
                self._pidfd = os.pidfd_open(int(message["pid"]))
        else:
            self._notice = message

    def _read_reports(self, progress: Callable[[str, float], None]) -> bool:
        """Takes in all messages that are there; False once there can be no more."""
        while True:
            try:
                message, fds = wire.receive(self.report)
            except BlockingIOError:
                return True
            except wire.WireError:
                self.end("misbehaved")
                return False
            for fd in fds:
                os.close(fd)
            if message is None:
                return False
            self._messages += 1
            if self._reply is not None or fds or self._messages > _MAX_MESSAGES:
                self.end("misbehaved")
                return False
            self._take(message, progress)

    def _take(self, message: dict[str, Any], progress: Callable[[str, float], None]) -> None:
        if "facts" in message or "failure" in message:
            self._reply = message
            return
        stage, fraction = message.get("stage"), message.get("fraction")
        if isinstance(stage, str) and isinstance(fraction, (int, float)) and 0 <= fraction <= 1:
            progress(stage[:40], float(fraction))
        else:
            self.end("misbehaved")

    def _kill_lost(self) -> None:
        if self._pidfd is None:
            return
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        poll.poll(_LOST_WAIT)

    def _close(self) -> None:
        self.hold.close()
        self.report.close()
        with self._lock:
            os.close(self._wake)
            self._wake = -1
        if self._pidfd is not None:
            os.close(self._pidfd)

    def _ended(self, seconds: float) -> Ended:
        notice = self._notice or {}
        return Ended(
            reply=self._reply,
            why=self._why,
            status=notice.get("status"),
            seconds=seconds,
            cpu_seconds=float(notice.get("cpu", 0.0)),
            peak_memory=int(notice.get("peak", 0)),
        )
