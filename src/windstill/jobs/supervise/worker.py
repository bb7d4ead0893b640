"""The job's process: gives up what it does not need, then works and reports."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import math
import os
import resource
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from windstill.errors import WindstillError
from windstill.jobs.errors import InternalError, JobOutOfMemory
from windstill.jobs.model import Failure
from windstill.jobs.supervise import linux, sandbox, wire
from windstill.jobs.supervise.sandbox import Confinement

JOB, SPARE = "windstill-job", "windstill-spare"
"""What lists of processes call them."""

LOG = "log"
PHOTO = "photo"
PLEASE_END = signal.SIGUSR1
"""Asks a job's process to end."""

NOT_FOR_US = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What terminals and service managers send to every process when they mean the service, which
may well want to finish what runs.
"""

_REPORT = 3
"""Where a job's process finds the socket for its reports; until then, the one for its order."""

_PROGRESS_INTERVAL = 0.05


def run(
    orders: int,
    server: int,
    warm_up: Callable[[], None] | None = None,
    confinement: Confinement | None = None,
) -> int:
    """The life of a job's process: takes one order from the socket `orders`, does what it says
    and reports on the socket that comes with it. Returns the exit status.

    confinement: which files it may see. warm_up: called before the order is waited for; then a
    message says that all is ready.
    """
    _settle_in(orders, server)
    sandbox.refuse_calls()
    if confinement is not None:
        confinement.enter()
    with socket.socket(fileno=_REPORT) as end:
        if warm_up is not None:
            warm_up()
            wire.send(end, {"ready": os.getpid()})
            linux.name_process(SPARE)
        order, fds = wire.receive(end)
        if order is None or len(fds) != 1:
            return 0  # it is not needed any more
        end.detach()
    linux.name_process(JOB)
    return _work(order, fds[0], confinement)


def warm_up(task: str, threads: int) -> None:
    """Calls "module:function" with `threads`. What fails then fails again in the job, which can
    tell it.
    """
    module, _, function = task.partition(":")
    try:
        getattr(importlib.import_module(module), function)(threads)
    except Exception:
        traceback.print_exc()


def _work(order: dict[str, Any], report: int, confinement: Confinement | None) -> int:
    _move_in(Path(order["folder"]), report)
    with socket.socket(fileno=_REPORT) as end:
        linux.give_way(order.get("nice", 0))
        _restrict(order["limits"])
        if confinement is not None:
            confinement.enter(order["folder"])
        message = _outcome(order, _reporter(end))
        try:
            wire.send(end, message)
        except (wire.WireError, ValueError):
            traceback.print_exc()
            return 1
    sys.stderr.flush()
    return 0


def _settle_in(orders: int, server: int) -> None:
    """Gives up all that a job's process does not need, whatever its job will be."""
    os.setsid()
    linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)  # it died before the line above
    linux.no_new_privileges()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if orders != _REPORT:
        os.dup2(orders, _REPORT, inheritable=False)
    os.closerange(_REPORT + 1, _open_file_limit())
    os.umask(0o077)
    with contextlib.suppress(OSError):
        # When memory runs out, the kernel should take a job and not the service.
        Path("/proc/self/oom_score_adj").write_text("500")


def _move_in(folder: Path, report: int) -> None:
    """Makes the job's folder this process's own, with its log in the place of its output."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2), (report, _REPORT)):
        os.dup2(source, target, inheritable=target != _REPORT)
    for source in (nothing, log, report):
        os.close(source)
    faulthandler.enable(file=2)
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def _restrict(limits: dict[str, int]) -> None:
    occupied = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, occupied + limits["memory"])
    _limit(resource.RLIMIT_FSIZE, limits["file_size"])
    _limit(resource.RLIMIT_NOFILE, limits["open_files"])
    # What warming up took is not the job's.
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"] + math.ceil(time.process_time()), margin=2)


def _limit(which: int, value: int, margin: int = 0) -> None:
    _, ceiling = resource.getrlimit(which)
    hard = value + margin
    if ceiling != resource.RLIM_INFINITY:
        hard = min(hard, ceiling)
    resource.setrlimit(which, (min(value, hard), hard))


def _open_file_limit() -> int:
    _, ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if ceiling == resource.RLIM_INFINITY else ceiling


def _reporter(end: socket.socket) -> Callable[[str, float], None]:
    last_stage, last_time = "", -math.inf

    def progress(stage: str, fraction: float) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if stage == last_stage and now - last_time < _PROGRESS_INTERVAL:
            return
        last_stage, last_time = stage, now
        wire.send(end, {"stage": stage, "fraction": round(fraction, 4)})

    return progress


def _outcome(order: dict[str, Any], progress: Callable[[str, float], None]) -> dict[str, Any]:
    try:
        module, _, function = order["task"].partition(":")
        task = getattr(importlib.import_module(module), function)
        folder = Path(order["folder"])
        facts = task(folder / PHOTO, folder, order["payload"], order["threads"], progress)
        return {"facts": _named(facts)}
    except WindstillError as error:
        failure = Failure.of(error)
    except MemoryError:
        failure = out_of_memory()
    except Exception as error:
        if _is_memory(error):
            failure = out_of_memory()
        else:
            traceback.print_exc()
            failure = Failure.of(InternalError("The job could not be done. Please try again."))
    return {
        "failure": {
            "code": failure.code,
            "message": failure.message[:2000],
            "field": failure.field,
        }
    }


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts that name each file by its place in the job's folder."""
    extras = {name: _named(extra) for name, extra in facts.get("extras", {}).items()}
    return {**facts, "path": Path(facts["path"]).name, **({"extras": extras} if extras else {})}


def out_of_memory() -> Failure:
    """The failure of a job that needed more memory than it may use."""
    return Failure.of(JobOutOfMemory("The job needed more memory than one job may use."))


def _is_memory(error: BaseException | None) -> bool:
    """Whether an error says, in one of the libraries' ways, that memory ran out."""
    while error is not None:
        text = f"{error}".lower()
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == 12:
            return True
        if "insufficient memory" in text or "bad_alloc" in text or "failed to allocate" in text:
            return True
        error = error.__cause__ or error.__context__
    return False
