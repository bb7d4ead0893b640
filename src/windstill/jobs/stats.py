"""Counting what the engine does, for metrics."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from windstill.jobs.model import Job, State
from windstill.jobs.supervise import Ended


@dataclass(frozen=True)
class Timing:
    """Durations seen: how many, and seconds in total and at most."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def plus(self, seconds: float) -> Timing:
        """With one more."""
        return Timing(self.count + 1, self.seconds + seconds, max(self.longest, seconds))

    @property
    def mean(self) -> float:
        """Seconds on average; 0 when none were seen."""
        return self.seconds / self.count if self.count else 0.0


@dataclass(frozen=True, kw_only=True)
class Stats:
    """A moment's figures.

    waiting: jobs in the store's queue; running, slots: of this process. draining: whether it takes
    nothing new. outcomes: by (state, failure code or ""). refusals: by error code. stages: by
    stage, as the task timed them. queued, process: time between submission and start, and of a
    job's process from start to end. overhead: the process's time less its stages. peak_memory:
    bytes of the largest job process so far. restarts: of the server that forks job processes.
    """

    waiting: int
    running: int
    slots: int
    draining: bool
    outcomes: Mapping[tuple[str, str], int]
    refusals: Mapping[str, int]
    stages: Mapping[str, Timing]
    queued: Timing
    process: Timing
    overhead: Timing
    peak_memory: int
    restarts: int


class Recorder:
    """Adds up what happens; may be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.refusals: Counter[str] = Counter()
        self.stages: dict[str, Timing] = {}
        self.queued = Timing()
        self.process = Timing()
        self.overhead = Timing()
        self.peak_memory = 0

    def refused(self, code: str) -> None:
        """A submission was refused."""
        with self._lock:
            self.refusals[code] += 1

    def finished(self, job: Job) -> None:
        """A job reached its final state here."""
        with self._lock:
            self.outcomes[job.state.value, job.failure.code if job.failure else ""] += 1

    def ran(self, job: Job, ended: Ended) -> None:
        """A job's process ended; `job` as it was settled."""
        with self._lock:
            self.process = self.process.plus(ended.seconds)
            self.peak_memory = max(self.peak_memory, ended.peak_memory)
            if job.started_at is not None:
                self.queued = self.queued.plus(max(0.0, job.started_at - job.created_at))
            timings = job.result.facts.get("timings") if job.result else None
            if job.state is State.SUCCEEDED and isinstance(timings, Mapping):
                self._add_stages(timings, ended.seconds)

    def snapshot(
        self, *, waiting: int, running: int, slots: int, draining: bool, restarts: int
    ) -> Stats:
        """The figures now, with those that only the engine knows."""
        with self._lock:
            return Stats(
                waiting=waiting,
                running=running,
                slots=slots,
                draining=draining,
                outcomes=dict(self.outcomes),
                refusals=dict(self.refusals),
                stages=dict(self.stages),
                queued=self.queued,
                process=self.process,
                overhead=self.overhead,
                peak_memory=self.peak_memory,
                restarts=restarts,
            )

    def _add_stages(self, timings: Mapping[str, object], seconds: float) -> None:
        known = {
            stage: float(spent)
            for stage, spent in timings.items()
            if isinstance(spent, (int, float))
        }
        for stage, spent in known.items():
            self.stages[stage] = self.stages.get(stage, Timing()).plus(spent)
        self.overhead = self.overhead.plus(max(0.0, seconds - sum(known.values())))
