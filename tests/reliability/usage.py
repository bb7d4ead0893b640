"""What a running service holds, to see that nothing of it grows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from tests.http.running import RunningServer, until
from tests.jobs.leftovers import jobs_below, processes_below
from windstill.jobs.supervise import linux


@dataclass(frozen=True)
class Usage:
    """Of the service and its fork server together: resident bytes, open handles, threads; and the
    number of processes and of files other than stored results. What waits for jobs comes and goes,
    and is not counted.
    """

    memory: int
    handles: int
    threads: int
    processes: int
    files: int

    @classmethod
    def of(cls, server: RunningServer) -> Usage:
        """What it holds now, as soon as no job runs."""
        until(lambda: not jobs_below(server.process.pid))
        standing = {server.process.pid, *children(server.process.pid)}
        return cls(
            memory=sum(resident(pid) for pid in standing),
            handles=sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in standing),
            threads=sum(len(os.listdir(f"/proc/{pid}/task")) for pid in standing),
            processes=len(standing),
            files=len(leftovers(server)),
        )


def children(pid: int) -> set[int]:
    """The processes that a process has started itself: of a service, the fork server."""
    return {child for child in processes_below(pid) if linux.parent_of(child) == pid}


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def leftovers(server: RunningServer) -> list[Path]:
    """Files that no finished job should leave: uploads, half-written ones, temporary ones."""
    temporary = server.data.parent / "tmp"
    found = [path for path in server.files() if path.parent.name != "results"]
    return found + [path for path in temporary.rglob("*") if path.is_file()]


def slope(values: Sequence[float]) -> float:
    """Growth of the values from one to the next, by least squares."""
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def metric(server: RunningServer, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry these labels."""
    text = httpx.get(f"{server.address}/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
