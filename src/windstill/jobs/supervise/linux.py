"""The few system calls that Python's library lacks."""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

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


def _all_processes() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
