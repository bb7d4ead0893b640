"""How many photos are animated at a time, and with how many threads each."""

from __future__ import annotations

from pathlib import Path

from windstill.jobs.cpus import usable_cpus

_BASE = 350 << 20
_PER_PIXEL = 80
"""Bytes of memory that an animation takes: for the libraries, and for each pixel of the result.
Measured on photos of 1 to 11 megapixels."""


def sizes(
    asked: int | None, photos: int, max_side: int, threads: int | None
) -> tuple[int, int | None]:
    """Processes, and processor threads for each; None lets a single one use all.

    asked: as many as the user wants; None takes as many as processors and memory allow.
    """
    cpus = usable_cpus()
    if asked is None:
        asked = min(cpus, max(1, int(0.8 * free_memory() // _need(max_side))))
    processes = max(1, min(asked, photos))
    if processes == 1:
        return 1, threads
    return processes, threads or max(1, cpus // processes)


def free_memory(root: Path = Path("/")) -> int:
    """Bytes that can be taken without swapping, as machine and control group say."""
    found = [8 << 30]
    for line in _lines(root / "proc/meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            found.append(int(rest.split()[0]) << 10)
    group = root / "sys/fs/cgroup"
    limit, used = (_number(group / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        found.append(max(0, limit - used))
    return min(found[1:] or found)


def _need(max_side: int) -> int:
    return _BASE + _PER_PIXEL * max_side * max_side * 2 // 3


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].isdecimal() else None
