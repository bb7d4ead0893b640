"""The few system calls that Python's library lacks."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_ROUNDS = 500
"""Hundredths of a second to wait for killed processes; they die at once unless the disk hangs."""

OWN_GROUP = Path("/proc/self/autogroup")
_TRIES, _TRY_AGAIN = 5, 0.1
"""The kernel takes one such order in a tenth of a second, from all processes together."""

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Makes this process the new parent of every descendant whose own parent dies."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """Sends this process a signal when the thread that forked it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def no_new_privileges() -> None:
    """Programs started from here on gain nothing from set-user-id bits."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def give_way(nice: int) -> None:
    """Gives way to other processes, by as much as setpriority(2) says of a nice value of 0 to 19.

    Where sessions are scheduled as groups, the value counts within one session only, and the
    session has one of its own (sched(7), autogroup). Each job is a session.
    """
    if not nice:
        return
    os.nice(nice)
    for _ in range(_TRIES):
        try:
            OWN_GROUP.write_text(str(nice))
        except BlockingIOError:
            time.sleep(_TRY_AGAIN)
        except OSError:
            return  # no such groups here, or not ours to order
        else:
            return


def name_process(name: str) -> None:
    """What lists of processes call this one; at most 15 letters count."""
    _prctl(_PR_SET_NAME, name.encode())


def children() -> set[int]:
    """Process ids of this process's children, dead ones too that were not waited for."""
    me = os.getpid()
    try:
        # Not every kernel is built with this file; it is one read instead of hundreds.
        return {int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()}
    except FileNotFoundError:
        return {pid for pid in _all_processes() if parent_of(pid) == me}


def parent_of(pid: int) -> int | None:
    """A process's parent; None if there is no such process (any more)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may contain anything, brackets too.
    found = re.match(r".*\) \S (\d+) ", stat, re.DOTALL)
    return int(found[1]) if found else None


def end_all_in(folder: Path) -> None:
    """Kills every other process whose working directory is in a folder, until there is none.

    Job processes work in the folder of their job, and what they start inherits that.
    """
    folder = folder.resolve()
    for _ in range(_ROUNDS):
        found = _working_in(folder)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.01)


def _working_in(folder: Path) -> set[int]:
    found = set()
    for pid in _all_processes() - {os.getpid()}:
        with contextlib.suppress(OSError):
            place = Path(os.readlink(f"/proc/{pid}/cwd"))
            if place == folder or folder in place.parents:
                found.add(pid)
    return found


def _all_processes() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _prctl(option: int, value: int | bytes) -> None:
    argument = ctypes.c_char_p(value) if isinstance(value, bytes) else ctypes.c_ulong(value)
    if _libc.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
