"""Animations and previews as the native API tells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from windstill.http.native.problems import problem
from windstill.http.refusals import failure_of
from windstill.jobs.engine import Engine
from windstill.jobs.model import Job, State

SHARES = {
    "photo": (0.0, 0.02),
    "mattes": (0.02, 0.08),
    "motion": (0.1, 0.15),
    "video": (0.25, 0.75),
}
"""Where each stage begins in the whole, and how much of it it usually is."""

Address = Callable[[str], str]
"""Makes a path of this service absolute for whoever is told of it."""


def animation(job: Job, engine: Engine, address: Address) -> dict[str, Any]:
    """The animation object of a job."""
    return {
        "id": job.id,
        "state": job.state.value,
        "stage": job.stage if job.state is State.RUNNING else None,
        "fraction": fraction(job),
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "expires_at": moment(job.expires_at),
        "options": dict(job.payload.get("options", {})),
        "result": _result(job, engine, address),
        "error": _error(job),
    }


def fraction(job: Job) -> float:
    """How much of the whole is done, 0 to 1; it never falls while a job runs."""
    if job.state in (State.SUCCEEDED, State.EXPIRED):
        return 1.0
    begin, share = SHARES.get(job.stage or "", (0.0, 0.0))
    return round(begin + share * min(1.0, max(0.0, job.fraction)), 4)


def preview(job: Job, engine: Engine, address: Address) -> dict[str, Any]:
    """The preview object of a preview's job that succeeded."""
    facts = dict(job.result.facts) if job.result is not None else {}
    for name in ("mime", "path"):
        facts.pop(name, None)
    return {
        "id": job.id,
        **facts,
        "expires_at": moment(job.expires_at),
        "mattes": address(engine.link(job, "mattes")),
        "motion": address(engine.link(job)),
        "photo": _extra(job, engine, address, "photo"),
    }


def mattes(job: Job, engine: Engine, address: Address) -> dict[str, Any]:
    """The mattes object of a job that found them."""
    facts = dict(job.result.facts) if job.result is not None else {}
    for name in ("mime", "path"):
        facts.pop(name, None)
    return {
        "id": job.id,
        **facts,
        "expires_at": moment(job.expires_at),
        "sky": address(engine.link(job)),
        "hair": address(engine.link(job, "hair")),
    }


def moment(seconds: float | None) -> str | None:
    """A time as RFC 3339 has it, in UTC to the millisecond."""
    if seconds is None:
        return None
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _result(job: Job, engine: Engine, address: Address) -> dict[str, Any] | None:
    if job.state is not State.SUCCEEDED or job.result is None:
        return None
    facts = job.result.facts
    return {
        "url": address(engine.link(job)),
        "mime": job.result.mime,
        "bytes": job.result.size,
        **{name: facts.get(name) for name in ("width", "height", "frames", "fps", "seconds")},
        "repeats": facts.get("repeats", 1),
        "poster": _extra(job, engine, address, "poster"),
        "moved": {
            entry["element"]: {name: value for name, value in entry.items() if name != "element"}
            for entry in facts.get("moved", ())
        },
        "warnings": list(facts.get("warnings", ())),
    }


def _extra(job: Job, engine: Engine, address: Address, name: str) -> str | None:
    """Where a further file of a job lies, if it made one of that name."""
    made = job.result is not None and name in job.result.extras
    return address(engine.link(job, name)) if made else None


def _error(job: Job) -> dict[str, Any] | None:
    if job.failure is None:
        return None
    error = failure_of(job.failure)
    return problem(error, error.message)
