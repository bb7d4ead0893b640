"""How many processors this process may really use."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath


def usable_cpus(root: Path = Path("/")) -> int:
    """The processors that affinity and the control groups' quotas allow; at least 1.

    Half a processor of quota is not worth a thread: throttled threads wait for each other.
    root: of the file system that has proc and sys.
    """
    quotas = [quota for quota in _quotas(root) if quota > 0]
    return max(1, int(min([float(len(os.sched_getaffinity(0))), *quotas])))


def _quotas(root: Path) -> list[float]:
    """Processors allowed by each control group that this process is in, of both versions."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        number, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        if number == "0":
            mount, read = root / "sys/fs/cgroup", _quota_2
        elif "cpu" in names:
            mount, read = root / "sys/fs/cgroup/cpu", _quota_1
        else:
            continue
        relative = PurePosixPath(path.lstrip("/"))
        for folder in (relative, *relative.parents):
            quota = read(mount / folder)
            if quota is not None:
                found.append(quota)
    return found


def _quota_2(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_1(group: Path) -> float | None:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
