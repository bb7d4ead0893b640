"""The fork server: a small process that has the heavy libraries loaded, forks one process for
each job, and reports a job's end only once nothing of it is left.

It runs one thread, so that forking is safe. It lives as long as the service's end of the control
socket: when that closes, for whatever reason, it kills every job and leaves.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import traceback
from dataclasses import dataclass
from typing import Any

from windstill.jobs.supervise import linux, wire, worker

_STRAY_CHECK = 1000
"""Milliseconds after which processes that a job left behind are looked for, unasked."""


@dataclass
class _Running:
    hold: socket.socket
    ended: dict[str, Any] | None = None


def main(control: int, kept: int | None) -> None:
    """Serves the socket `control`; holds the file `kept` open as long as jobs may be alive."""
    del kept  # an open handle is all it takes
    for number in worker.NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)
    server = _Server(socket.socket(fileno=control))
    server.load()
    server.serve()


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.jobs: dict[int, _Running] = {}
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.poll.register(self.wake, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        linux.adopt_orphans()

    def load(self) -> None:
        """Imports what jobs need, before the first is forked."""
        hello, _ = wire.receive(self.control)
        problems = []
        for name in (hello or {}).get("preload", ()):
            try:
                importlib.import_module(name)
            except Exception as error:
                problems.append(f"{name}: {error}")
        gc.collect()
        gc.freeze()  # or the collector would touch, and so copy, every page in each child
        with contextlib.suppress(wire.WireError):
            wire.send(self.control, {"ready": os.getpid(), "problems": problems})

    def serve(self) -> None:
        """Works until the service is gone and no job is left."""
        while True:
            ready = {fd for fd, _ in self.poll.poll(_STRAY_CHECK)}
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            for pid, job in list(self.jobs.items()):
                if job.hold.fileno() in ready:
                    self._obey(pid, job)
            self._reap()
            if self.control.fileno() in ready and not self._accept():
                break
        self.poll.unregister(self.control)
        for pid, job in self.jobs.items():
            if job.ended is None:
                _kill_group(pid)
        while self.jobs or linux.children():
            self.poll.poll(10)
            self._reap()

    def _accept(self) -> bool:
        try:
            order, fds = wire.receive(self.control)
        except wire.WireError:
            return False
        if order is None or len(fds) != 2:
            return False
        hold = socket.socket(fileno=fds[0])
        try:
            pid = self._fork(order, fds[1])
        except OSError:
            hold.close()  # no process can be had: to the service, the job is lost
            return True
        finally:
            os.close(fds[1])
        self.jobs[pid] = _Running(hold)
        self.poll.register(hold, select.POLLIN)
        with contextlib.suppress(wire.WireError):
            wire.send(hold, {"pid": pid})
        return True

    def _fork(self, order: dict[str, Any], report: int) -> int:
        server = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            status = worker.run(order, report, server)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _obey(self, pid: int, job: _Running) -> None:
        try:
            order, _ = wire.receive(job.hold)
        except wire.WireError:
            order = None
        if order is None:
            self.poll.unregister(job.hold)
        if job.ended is not None:
            return
        if order is not None and order.get("end") == "gently":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, worker.PLEASE_END)
        else:
            _kill_group(pid)

    def _reap(self) -> None:
        for pid, job in self.jobs.items():
            if job.ended is None and _is_dead(pid):
                # While its zombie keeps the number taken, the group can't be another's.
                _kill_group(pid)
                _, status, usage = os.wait4(pid, 0)
                job.ended = {
                    "status": status,
                    "cpu": usage.ru_utime + usage.ru_stime,
                    "peak": usage.ru_maxrss * 1024,
                }
        if self._strays_left():
            return
        for pid in [pid for pid, job in self.jobs.items() if job.ended is not None]:
            self._report(self.jobs.pop(pid))

    def _report(self, job: _Running) -> None:
        with contextlib.suppress(KeyError):
            self.poll.unregister(job.hold)
        with job.hold, contextlib.suppress(wire.WireError):
            wire.send(job.hold, job.ended or {})

    def _strays_left(self) -> bool:
        """Kills and reaps whatever jobs left behind; a job's own process is never an orphan."""
        own = {pid for pid, job in self.jobs.items() if job.ended is None}
        strays = linux.children() - own
        for pid in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return bool(strays) and bool(linux.children() - own)


def _is_dead(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        # The process may not have become its group's leader yet.
        os.kill(pid, signal.SIGKILL)
