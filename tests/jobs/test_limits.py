"""Rates of submission, and processors that may be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from windstill.jobs.cpus import usable_cpus
from windstill.jobs.errors import RateLimited
from windstill.jobs.rate import TokenBuckets


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    buckets = TokenBuckets()
    for _ in range(3):
        buckets.take("k", 2.0, 3, now=100.0)
    with pytest.raises(RateLimited) as refused:
        buckets.take("k", 2.0, 3, now=100.0)
    assert refused.value.retry_after == 0.5
    buckets.take("k", 2.0, 3, now=100.5)
    with pytest.raises(RateLimited):
        buckets.take("k", 2.0, 3, now=100.5)
    buckets.take("other", 2.0, 3, now=100.5)


def test_a_clock_set_back_neither_fills_nor_starves_a_bucket() -> None:
    buckets = TokenBuckets()
    buckets.take("k", 1.0, 1, now=1000.0)
    for now in (500.0, 500.5):
        with pytest.raises(RateLimited):
            buckets.take("k", 1.0, 1, now=now)
    buckets.take("k", 1.0, 1, now=501.0)


def test_buckets_of_keys_that_stay_away_are_forgotten() -> None:
    buckets = TokenBuckets()
    for number in range(30_000):
        buckets.take(str(number), 1.0, 5, now=float(number))
    assert len(buckets._buckets) <= 10_001


AFFINITY = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, AFFINITY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, AFFINITY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/cpu.max": "100000 100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/c\n",
                "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "100000\n",
                "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            AFFINITY,
        ),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "nonsense\n"}, AFFINITY),
    ],
    ids=["none", "v2 max", "v2 one", "v2 half", "v2 parent", "v1 one", "v1 unlimited", "nonsense"],
)
def test_processors_are_those_of_the_control_group(
    tmp_path: Path, files: dict[str, str], expected: int
) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert usable_cpus(tmp_path) == expected


def test_many_keys_do_not_refill_a_slow_ones_bucket() -> None:
    buckets = TokenBuckets()
    buckets.take("slow", rate=0.001, burst=1, now=100.0)
    for number in range(10_001):
        buckets.take(str(number), rate=100.0, burst=1, now=101.0)
    with pytest.raises(RateLimited):
        buckets.take("slow", rate=0.001, burst=1, now=101.0)
