"""The operator's settings as those of the jobs engine."""

from __future__ import annotations

from typing import Any

from windstill.jobs.config import MIB, ProcessLimits
from windstill.settings import Settings


def engine_settings(settings: Settings) -> dict[str, Any]:
    """Fields of `windstill.jobs.config.Config`; where a setting says 0, there is no limit."""
    return {
        "slots": settings.slots or None,
        "queue_size": settings.queue_length,
        "cost": settings.credits_per_success,
        "job_limit": settings.job_limit or None,
        "rate": settings.rate_limit / 60 or None,
        "burst": settings.rate_burst,
        "time_limit": settings.job_seconds,
        "patience": settings.answer_seconds,
        "result_ttl": float(settings.result_seconds),
        "limits": ProcessLimits(memory=settings.job_memory_mb * MIB),
    }
