"""What an operator can choose about jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from windstill.jobs.model import MATTES, PREVIEW

MIB = 1 << 20
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """What one job's process may use; enforced by the kernel.

    memory: bytes beyond what the preloaded libraries occupy already. file_size: bytes of any
    file it writes. open_files: handles. cpu_seconds: processor time of all its threads; None:
    the wall time limit times the threads given to the job, and a margin.
    """

    memory: int = 3072 * MIB
    file_size: int = 512 * MIB
    open_files: int = 256
    cpu_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How jobs of one kind differ from the others. task: "module:function" that does the work.
    result_ttl: life of a result.
    """

    task: str
    result_ttl: float


DYNAMIC_IMAGE = "dynamic_image"
"""A loop whose link lives for the 30 minutes that the upstream documented."""

KINDS: Mapping[str, Kind] = {
    PREVIEW: Kind(task="windstill.jobs.task:preview_photo", result_ttl=3600.0),
    MATTES: Kind(task="windstill.jobs.task:find_mattes", result_ttl=3600.0),
    DYNAMIC_IMAGE: Kind(task="windstill.jobs.task:animate_photo", result_ttl=1800.0),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """The engine's settings. Times are in seconds.

    work_dir: private folder for running jobs; one service at a time works in it.
    slots: jobs that run at once; None: one for each processor; 0: none, this process only submits.
    cpus: processors to share among running jobs; None: what the control group and affinity allow.
    queue_size: jobs that may wait. cost: credits of a success. job_limit: unfinished jobs of one
    key. rate, burst: submissions a second of one key, and how many at once; None: unlimited.
    time_limit: wall time of a job's process. patience: from submission to the end of the job.
    result_ttl: life of a result. history: how long finished jobs are remembered after that.
    attempts: how often a job is begun at most when the service dies under it. lease: how long a
    runner is believed alive without a sign. grace: between asking a process to end and killing it.
    exclusive: no other process runs jobs of the same store, so at the start none can be running.
    task: "module:function" that does the work. kinds: the kinds of jobs that have a task and a
    life of their own. preload: modules that every job finds loaded. spares: processes at most that
    wait for jobs with everything loaded, which `warm_up`, "module:function", does; no more than one
    for each slot. spare_idle: how long they wait without any job. hidden: the folder of secrets,
    database and files, of which jobs see nothing but their own folder; None: work_dir. reachable:
    folders in which jobs may write beside their own.
    """

    work_dir: Path
    slots: int | None = None
    cpus: int | None = None
    queue_size: int = 32
    cost: int = 15
    job_limit: int | None = 8
    rate: float | None = None
    burst: int = 10
    time_limit: float = 60.0
    patience: float = 120.0
    result_ttl: float = DAY
    history: float = 30 * DAY
    attempts: int = 3
    lease: float = 30.0
    grace: float = 1.0
    exclusive: bool = True
    limits: ProcessLimits = field(default_factory=ProcessLimits)
    task: str = "windstill.jobs.task:animate_photo"
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    preload: tuple[str, ...] = ("windstill.pipeline",)
    spares: int = 0
    warm_up: str = "windstill.jobs.task:warm_up"
    spare_idle: float = 300.0
    hidden: Path | None = None
    reachable: tuple[Path, ...] = ()

    def task_of(self, kind: str) -> str:
        """The task of jobs of this kind."""
        return self.kinds[kind].task if kind in self.kinds else self.task

    def ttl_of(self, kind: str) -> float:
        """How long a result of a job of this kind lives, in seconds."""
        own = self.kinds[kind].result_ttl if kind in self.kinds else self.result_ttl
        return min(own, self.result_ttl)
