"""The fork server: a small process that has the heavy libraries loaded, forks one process for
each job, some of them ahead of it, and reports a job's end only once nothing of it is left.

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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from windstill.jobs.supervise import linux, wire, worker
from windstill.jobs.supervise.sandbox import Confinement
from windstill.jobs.supervise.spares import Spare, SparePlan, Spares

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
        self.confinement: Confinement | None = None
        self.poll = select.poll()
        self.spares = Spares(self.poll, self._fork_spare)
        self.poll.register(control, select.POLLIN)
        self.wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.poll.register(self.wake, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        linux.adopt_orphans()

    def load(self) -> None:
        """Imports what jobs need, before the first is forked."""
        received, _ = wire.receive(self.control)
        hello = received or {}
        if hello.get("confinement"):
            self.confinement = Confinement(**hello["confinement"])
        problems = []
        for name in hello.get("preload", ()):
            try:
                importlib.import_module(name)
            except Exception as error:
                problems.append(f"{name}: {error}")
        gc.collect()
        gc.freeze()  # or the collector would touch, and so copy, every page in each child
        with contextlib.suppress(wire.WireError):
            wire.send(self.control, {"ready": os.getpid(), "problems": problems})
        if hello.get("spares"):
            self.spares.begin(SparePlan(**hello["spares"]))

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
            self.spares.hear(ready)
            self._reap()
            if self.control.fileno() in ready and not self._accept():
                break
            self.spares.tend(sum(job.ended is None for job in self.jobs.values()))
        self.poll.unregister(self.control)
        self.spares.end()
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
            pid = self.spares.take(order, fds[1]) or self._begin(order, fds[1])
        except (OSError, wire.WireError):
            hold.close()  # no process can be had: to the service, the job is lost
            return True
        finally:
            os.close(fds[1])
        self.jobs[pid] = _Running(hold)
        self.poll.register(hold, select.POLLIN)
        with contextlib.suppress(wire.WireError):
            wire.send(hold, {"pid": pid})
        return True

    def _begin(self, order: dict[str, Any], report: int) -> int:
        """Starts a process for an order, for want of a spare; returns its id."""
        pid, orders = self._fork(None)
        with orders:
            wire.send(orders, order, (report,))
        return pid

    def _fork_spare(self, threads: int) -> Spare:
        task = self.spares.plan.warm_up if self.spares.plan else ""
        pid, orders = self._fork(partial(worker.warm_up, task, threads))
        return Spare(pid, orders, threads)

    def _fork(self, warm_up: Callable[[], None] | None) -> tuple[int, socket.socket]:
        """Starts a process that waits for an order; returns its id and where to send the order."""
        server = os.getpid()
        orders, far = wire.pair()
        with far:
            try:
                pid = os.fork()
            except OSError:
                orders.close()
                raise
            if pid:
                return pid, orders
            status = 1
            try:
                signal.set_wakeup_fd(-1)
                status = worker.run(far.fileno(), server, warm_up, self.confinement)
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
        own = {pid for pid, job in self.jobs.items() if job.ended is None} | self.spares.pids()
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
