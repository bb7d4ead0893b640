"""Counting what the engine does, for metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Durations seen: how many, and seconds in total and at most."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0


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
