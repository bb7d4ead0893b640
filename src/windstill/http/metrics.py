"""Prometheus metrics: of requests as they are answered, of jobs as the engine counts them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from windstill.jobs.engine import Engine
from windstill.jobs.stats import Stats, Timing

SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)


class Metrics:
    """The figures of one service, in a registry of its own."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(_EngineCollector(engine))
        self._requests = Counter(
            "windstill_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "windstill_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._refusals = Counter(
            "windstill_refusals",
            "Requests refused or failed, by documented code.",
            ("code",),
            registry=self._registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float, code: str) -> None:
        """Counts one answered request; `code` is empty on success."""
        known = method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if code:
            self._refusals.labels(code).inc()

    def text(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self._registry)


class _EngineCollector(Collector):
    """Asks the engine at each scrape, so that nothing is counted twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        stats = self._engine.stats()
        for name, help_text, value in (
            ("windstill_queue_depth", "Jobs that wait for a slot.", stats.waiting),
            ("windstill_jobs_running", "Jobs that run.", stats.running),
            ("windstill_job_slots", "Jobs that may run at the same time.", stats.slots),
            ("windstill_draining", "1 while the service takes nothing new.", stats.draining),
            (
                "windstill_job_peak_memory_bytes",
                "Memory of the largest job process so far.",
                stats.peak_memory,
            ),
        ):
            yield GaugeMetricFamily(name, help_text, value=float(value))
        yield from _counters(stats)
        yield from _timings(stats)


def _counters(stats: Stats) -> Iterator[Metric]:
    ended = CounterMetricFamily(
        "windstill_jobs", "Jobs ended, by state and failure.", labels=("state", "failure")
    )
    for (state, code), count in stats.outcomes.items():
        ended.add_metric((str(state), code), count)
    yield ended
    refused = CounterMetricFamily(
        "windstill_submissions_refused", "Jobs not taken, by reason.", labels=("reason",)
    )
    for reason, count in stats.refusals.items():
        refused.add_metric((reason,), count)
    yield refused
    yield CounterMetricFamily(
        "windstill_job_server_restarts",
        "Restarts of the server that forks job processes.",
        value=stats.restarts,
    )


def _timings(stats: Stats) -> Iterator[Metric]:
    stages = SummaryMetricFamily(
        "windstill_stage_seconds", "Time spent in each stage of a job.", labels=("stage",)
    )
    for stage, timing in stats.stages.items():
        stages.add_metric((stage,), timing.count, timing.seconds)
    yield stages
    parts: tuple[tuple[str, str, Timing], ...] = (
        ("windstill_job_queued_seconds", "Time between submission and start.", stats.queued),
        ("windstill_job_process_seconds", "Life of a job's process.", stats.process),
        (
            "windstill_job_overhead_seconds",
            "Life of a job's process less its stages.",
            stats.overhead,
        ),
    )
    for name, help_text, timing in parts:
        yield SummaryMetricFamily(
            name, help_text, count_value=timing.count, sum_value=timing.seconds
        )
