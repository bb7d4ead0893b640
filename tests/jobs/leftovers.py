"""Counting what a process holds, to see that nothing of it leaks."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from windstill.jobs.supervise.worker import JOB


@dataclass(frozen=True)
class Holdings:
    """Open file handles, threads, and child processes of this process.

    children: those that run this Python, as all of a service's do. The servers that other tests
    have started keep processes of their own, which come and go.
    """

    handles: frozenset[str]
    threads: int
    children: frozenset[int]

    @classmethod
    def now(cls) -> Holdings:
        handles = []
        for number in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{number}")
            except FileNotFoundError:
                continue  # the handle by which the folder itself was read
            handles.append(f"{number} {target}")
        return cls(frozenset(handles), threading.active_count(), frozenset(_pythons()))

    def within(self, before: Holdings) -> bool:
        """Whether nothing came in addition. The servers that other tests have started may have
        ended processes of their own in the meantime."""
        same = (self.handles, self.threads) == (before.handles, before.threads)
        return same and self.children <= before.children


def _pythons() -> set[int]:
    found = set()
    for pid in processes_below():
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if os.readlink(f"/proc/{pid}/exe") == os.readlink("/proc/self/exe"):
                found.add(pid)
    return found


def processes_below(root: int | None = None) -> set[int]:
    """Every living descendant of a process (this one), as far as the parents still tell."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(") ")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                parents[int(name)] = int(fields[1])
    found = {root or os.getpid()}
    grown = True
    while grown:
        below = {pid for pid, parent in parents.items() if parent in found}
        grown = not below <= found
        found |= below
    return found - {root or os.getpid()}


def jobs_below(root: int) -> set[int]:
    """Every living descendant of a process that is a job's, or was started by one."""
    return {pid for pid in processes_below(root) if name_of(pid) == JOB}


def name_of(pid: int) -> str:
    """What lists of processes call one; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def processes_in(folder: Path) -> set[int]:
    """Every living process that works in a folder or holds one of its files open."""
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            links = [f"/proc/{name}/cwd"]
            links += [f"/proc/{name}/fd/{fd}" for fd in os.listdir(f"/proc/{name}/fd")]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        for link in links:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target == str(folder) or target.startswith(f"{folder}/"):
                found.add(int(name))
    return found


def files_below(folder: Path) -> set[str]:
    """Every file below a folder, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def only_left(folder: Path, expected: set[str]) -> None:
    """Sees that only these files are left below a folder, soon.

    A job's end is told before its upload is removed: the order in which nothing can be lost.
    """
    end = time.monotonic() + 10
    turn = threading.Event()
    while files_below(folder) != expected and time.monotonic() < end:
        turn.wait(0.01)
    assert files_below(folder) == expected
