"""Processes that wait, with everything loaded, for the next jobs.

Libraries that start threads can't be loaded in the fork server, which has to stay single-threaded
to fork safely; loading them takes a third of a second of every job. A spare is a job's process
forked ahead of its job: it loads them, says that it is ready, and waits for an order. It serves
one job, as every process does, so that no job can leave anything to another.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from windstill.jobs.supervise import wire

_REST = 60.0
"""Seconds without new spares after one died while it warmed up: the next would, too."""

_KEPT = 10.0
"""Seconds after a job in which spares are kept for the next one like it, and not given to jobs that
give way: these would leave it none, and warming up another takes the processor from it.
"""

_LULL = 1.0
"""Seconds without a job after which spares are made for a job that is alone."""


@dataclass(frozen=True, kw_only=True)
class SparePlan:
    """Which spares there are to be.

    warm_up: "module:function", called with the number of threads of the coming job. most: spares
    at once. slots: jobs at once; no spare is made beyond those that jobs could take now, but always
    one. cpus: processors that the jobs share. idle: seconds without a job after which spares go.
    """

    warm_up: str
    most: int
    slots: int
    cpus: int
    idle: float = 300.0


@dataclass(eq=False)
class Spare:
    """One waiting process. threads: that it was warmed up for."""

    pid: int
    orders: socket.socket
    threads: int
    ready: bool = False


@dataclass
class Spares:
    """The spares of a fork server.

    fork: starts a process that warms up for so many threads; raises OSError if none can be had.
    """

    poll: select.poll
    fork: Callable[[int], Spare]
    plan: SparePlan | None = None
    _waiting: list[Spare] = field(default_factory=list)
    _threads: int = 0
    _latest: float = field(default_factory=time.monotonic)
    _kept_until: float = -math.inf
    _rest_until: float = 0.0

    def begin(self, plan: SparePlan) -> None:
        """From now on spares are made."""
        self.plan = plan
        self._latest = time.monotonic()

    def pids(self) -> set[int]:
        """Of all that wait or warm up."""
        return {spare.pid for spare in self._waiting}

    def take(self, order: dict[str, Any], report: int) -> int | None:
        """Gives the order to a spare; returns its process id, or None if it is to have none.

        One that was made for as many threads is preferred.
        """
        self._latest = time.monotonic()
        if not order.get("nice"):
            self._kept_until = self._latest + _KEPT
        elif self._latest < self._kept_until:
            return None
        self._threads = order["threads"]
        ready = [spare for spare in self._waiting if spare.ready]
        for spare in sorted(ready, key=lambda spare: spare.threads != self._threads):
            self._forget(spare)
            with spare.orders, contextlib.suppress(wire.WireError):
                wire.send(spare.orders, order, (report,))
                return spare.pid
        return None

    def hear(self, ready: set[int]) -> None:
        """Takes in what spares say; `ready` are the file descriptors that can be read."""
        for spare in [spare for spare in self._waiting if spare.orders.fileno() in ready]:
            try:
                message, _ = wire.receive(spare.orders)
            except wire.WireError:
                message = None
            if message is not None and "ready" in message:
                spare.ready = True
                continue
            if not spare.ready:
                self._rest_until = time.monotonic() + _REST
            self._drop(spare)

    def tend(self, running: int) -> None:
        """Makes or ends spares, as the plan says, at most one at a time."""
        if self.plan is None:
            return
        now = time.monotonic()
        # Those that are there stay while more jobs run: they would soon be made again.
        wanted, kept = min(self.plan.most, max(1, self.plan.slots - running)), self.plan.most
        if now - self._latest > self.plan.idle or now < self._rest_until:
            wanted = kept = 0
        for spare in self._waiting[kept:]:
            self._drop(spare)
        if not running and now - self._latest > _LULL:
            self._threads = self.plan.cpus
            for spare in [spare for spare in self._waiting if spare.threads != self._threads]:
                self._drop(spare)
        if len(self._waiting) < wanted and all(spare.ready for spare in self._waiting):
            self._add(self._threads or self.plan.cpus)

    def end(self) -> None:
        """Ends all of them, and makes no more."""
        self.plan = None
        for spare in list(self._waiting):
            self._drop(spare)

    def _add(self, threads: int) -> None:
        try:
            spare = self.fork(threads)
        except OSError:
            self._rest_until = time.monotonic() + _REST
            return
        self._waiting.append(spare)
        self.poll.register(spare.orders, select.POLLIN)

    def _drop(self, spare: Spare) -> None:
        """Ends a spare; the server reaps it like everything that jobs leave behind."""
        self._forget(spare)
        spare.orders.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(spare.pid, signal.SIGKILL)

    def _forget(self, spare: Spare) -> None:
        self._waiting.remove(spare)
        self.poll.unregister(spare.orders)
