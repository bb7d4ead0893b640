"""What a job's process gives up before it touches a photo: the network, other programs, and all
files but its own folder and those of the installation.

    seccomp   refuses system calls (prctl(2), PR_SET_SECCOMP; a program for classic BPF)
    Landlock  allows files by folder (landlock(7), since Linux 5.13)

Both last until the process ends, and for all that it starts, but hold for threads that are there
already only as far as they began before: so a process gives up what it can before it warms up, and
the other jobs' folders when it learns which is its own. A kernel that lacks one is no error;
`windstill doctor` tells it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from windstill.jobs.supervise import linux

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

# From linux/audit.h and the tables of system calls. clone3 is refused as if it did not exist, so
# that the C library falls back to clone: its flags lie in memory that a filter can't read.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    "socket": (41, 198),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
_CLONE3 = 435
_X32 = 0x40000000
"""Where the numbers of another kind of x86-64 calls begin."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
"""Offsets in seccomp_data."""
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3
"""Execute (that is, map libraries), read files, and list folders."""
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14
"""Execute, write, read, truncate: the rights that a rule for one file may have."""
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights over files each version of Landlock knows, where it knew more than before."""
_PORTS = 0b11
_SCOPES = 0b11
_NOT_HERE = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL)

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/sys", "/dev", "/etc/ld.so.cache", "/etc/localtime",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys",
)  # fmt: skip
"""What libraries read when they are loaded, and where they ask for processors and memory. Not all
of /proc: root may read other processes' environment there, whatever Landlock says of them.
"""


@dataclass(frozen=True)
class Confinement:
    """What job processes may see of files. hidden: the data folder, of which they see nothing,
    wherever it lies, but `work`: the folder of their folders. reachable: further folders in which
    they may write.
    """

    hidden: str
    work: str
    reachable: tuple[str, ...] = ()

    def enter(self, folder: str | None = None) -> str | None:
        """Confines this process for good to one job's folder; None: to those of all jobs.

        Returns what does it, in words; None where the kernel has no Landlock.
        """
        writable = [folder or self.work, os.devnull, str(linux.OWN_GROUP), *self.reachable]
        return _restrict_files([*map(Path, writable)], self._readable)

    @cached_property
    def _readable(self) -> list[Path]:
        # Once: who is confined can't list what lies around the hidden folder any more.
        return _readable(Path(self.hidden))


def offered(folder: Path) -> list[str]:
    """What of both this machine does, tried in a process of its own."""
    source, target = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(source)
            linux.no_new_privileges()
            done = (refuse_calls(), Confinement(str(folder), str(folder)).enter())
            os.write(target, " ".join(filter(None, done)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(target)
    with os.fdopen(source) as answer:
        found = answer.read()
    os.waitpid(pid, 0)
    return [part for part in ("seccomp", "Landlock") if part in found]


def _readable(hidden: Path) -> list[Path]:
    """The installation's folders, without the hidden one."""
    roots = {Path(entry or ".").resolve() for entry in (*sys.path, sys.prefix, sys.base_prefix)}
    roots |= {Path(entry) for entry in _SYSTEM}
    return [path for root in roots for path in _around(root, hidden.resolve())]


def _around(root: Path, hidden: Path) -> Iterator[Path]:
    """The root; in pieces, if the hidden folder lies within it."""
    if root != hidden and root not in hidden.parents:
        yield root
        return
    if root == hidden:
        return
    for child in _entries(root):
        if not child.is_symlink():
            yield from _around(child, hidden)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []  # what can't be listed need not be read


def refuse_calls() -> str | None:
    """Refuses the network, other programs and what reaches into other processes, for good.

    Returns what does it, in words; None where the kernel has no seccomp.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    program = _filter(machine)
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(head), 0, 0) == 0:
        return "seccomp"
    _check_error()
    return None


def _filter(machine: str) -> bytes:
    """The program: one instruction for each refused call."""
    column = list(_ARCHITECTURES).index(machine)
    refused = [numbers[column] for numbers in _REFUSED.values()]
    count = len(refused)
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, count + 2, 0, _X32),
        (_EQUAL, count + 2, 0, _CLONE3),
        *((_EQUAL, count - index, 0, number) for index, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def landlock_version() -> int:
    """The version of Landlock that the kernel has; 0 if none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def _restrict_files(writable: Sequence[Path], readable: Sequence[Path]) -> str | None:
    version = landlock_version()
    if not version:
        return None
    bits = max(count for since, count in _RIGHTS.items() if since <= version)
    everything = (1 << bits) - 1
    ports, scopes = (_PORTS if version >= 4 else 0), (_SCOPES if version >= 6 else 0)
    size = 8 * (1 + (version >= 4) + (version >= 6))
    attributes = struct.pack("QQQ", everything, ports, scopes)[:size]
    rules = _libc.syscall(
        _CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(len(attributes)), 0
    )
    if rules < 0:
        _check_error()
        return None
    try:
        for path in writable:
            _allow(rules, path, everything)
        for path in readable:
            _allow(rules, path, _READ)
        if _libc.syscall(_RESTRICT_SELF, rules, 0) != 0:
            _check_error()
            return None
    finally:
        os.close(rules)
    return f"Landlock {version}"


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    try:
        if not path.is_dir():
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, handle)
        if _libc.syscall(_ADD_RULE, rules, 1, ctypes.c_char_p(rule), 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{path}: {os.strerror(number)}")
    finally:
        os.close(handle)


def _check_error() -> None:
    """Raises what the latest call failed with, unless the kernel or a container lacks it."""
    number = ctypes.get_errno()
    if number not in _NOT_HERE:
        raise OSError(number, os.strerror(number))
