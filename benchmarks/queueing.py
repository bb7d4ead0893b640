"""Waiting in front of many workers: first come, first served, with measured service times.

Every job is simulated: arrivals come at random (a Poisson process), each takes the worker that is
free first. For exponential service times the results are those of Erlang's formula, which the
tests hold them to.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_JOBS, MOST_JOBS = 150_000, 800_000
"""Bounds of how many jobs are simulated for one figure."""

_WARM_UP = 0.2


@dataclass(frozen=True)
class Delay:
    """How long jobs waited for a worker, in seconds. load: share of the workers that is busy."""

    workers: int
    load: float
    median: float
    p95: float
    p99: float
    waited: float
    """Share of the jobs that waited at all."""


def simulate(
    service: NDArray[np.float64], workers: int, load: float, jobs: int, seed: int
) -> Delay:
    """The delay of `jobs` jobs whose service times, in seconds, are drawn from `service`.

    load: in (0, 1); arrivals a second times the mean service time, for each worker. The first
    fifth of the jobs, which finds idle workers, is not counted.
    """
    random = np.random.default_rng(seed)
    gap = float(service.mean()) / (workers * load)
    arrivals = np.cumsum(random.exponential(gap, jobs))
    times = random.choice(service, jobs)
    delays = _delays(arrivals, times, workers)[int(_WARM_UP * jobs) :]
    median, p95, p99 = (float(value) for value in np.quantile(delays, (0.5, 0.95, 0.99)))
    return Delay(workers, load, median, p95, p99, float((delays > 0).mean()))


def _delays(
    arrivals: NDArray[np.float64], times: NDArray[np.float64], workers: int
) -> NDArray[np.float64]:
    free = [0.0] * workers
    delays = np.empty(len(arrivals))
    for place, (arrival, time) in enumerate(zip(arrivals.tolist(), times.tolist(), strict=True)):
        start = max(arrival, free[0])
        delays[place] = start - arrival
        heapq.heapreplace(free, start + time)
    return delays


def several(service: NDArray[np.float64], workers: int, load: float, *, runs: int = 3) -> Delay:
    """The medians of several simulations, long enough for the rarest figure to settle."""
    # Near full load a queue remembers its past for about 1 / (1 - load)^2 services.
    jobs = int(min(MOST_JOBS, max(LEAST_JOBS, 100 * workers, 4000 / (1 - load) ** 2)))
    found = [simulate(service, workers, load, jobs, seed) for seed in range(runs)]

    def median(name: str) -> float:
        return float(np.median([getattr(delay, name) for delay in found]))

    return Delay(workers, load, *map(median, ("median", "p95", "p99", "waited")))


def load_within(
    service: NDArray[np.float64], workers: int, seconds: float, loads: Sequence[float]
) -> float:
    """The highest of `loads`, ascending, at which p95 of the delay is within `seconds`; 0: none."""

    def too_slow(load: float) -> bool:
        return several(service, workers, load).p95 > seconds

    place = bisect_left(loads, True, key=too_slow)
    return loads[place - 1] if place else 0.0
