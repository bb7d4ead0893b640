"""What a process's end means for its job."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windstill.jobs.errors import JobCrashed, JobTimeout
from windstill.jobs.model import Failure
from windstill.jobs.supervise.process import Ended
from windstill.jobs.supervise.worker import out_of_memory


@dataclass(frozen=True)
class Made:
    """The file a job made, of `size` bytes in its folder, and what its task said of it."""

    path: Path
    mime: str
    size: int
    facts: Mapping[str, Any]


def judge(ended: Ended, folder: Path, seconds: float) -> Made | Failure:
    """The result in `folder`, or the failure. seconds: the wall time that was allowed.

    The process worked on untrusted bytes, so nothing it says is believed unchecked.
    """
    if ended.why == "deadline":
        return Failure.of(JobTimeout(f"The job took longer than {seconds:.0f} seconds."))
    if ended.why is not None or ended.status is None:
        return _crash("The job's process broke off.")
    if os.WIFSIGNALED(ended.status):
        return _killed(os.WTERMSIG(ended.status))
    reply = ended.reply or {}
    if isinstance(reply.get("failure"), dict):
        return _told(reply["failure"])
    if os.WEXITSTATUS(ended.status) != 0 or not isinstance(reply.get("facts"), dict):
        return _crash("The job's process ended without a result.")
    return _made(dict(reply["facts"]), folder)


def _killed(number: int) -> Failure:
    if number == signal.SIGXCPU:
        return Failure.of(JobTimeout("The job used up the processor time one job may use."))
    if number == signal.SIGXFSZ:
        return _crash("The job's result grew larger than allowed.")
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return _crash(f"The job's process died ({name}).")


def _told(failure: dict[str, Any]) -> Failure:
    code, message, field = (failure.get(name) for name in ("code", "message", "field"))
    if not isinstance(code, str) or not isinstance(message, str):
        return _crash("The job's process ended without a result.")
    if code == out_of_memory().code:
        return out_of_memory()
    return Failure(code[:60], message[:2000], field[:60] if isinstance(field, str) else None)


def _made(facts: dict[str, Any], folder: Path) -> Made | Failure:
    name, mime = facts.pop("path", None), facts.get("mime")
    if not isinstance(name, str) or not isinstance(mime, str) or "/" in name or name in ("", ".."):
        return _crash("The job's process ended without a result.")
    path = folder / name
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return _crash("The job's process left no result.")
    # A link could make the service publish a file that is not the job's own.
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size == 0:
        return _crash("The job's process left no proper result.")
    return Made(path, mime[:100], found.st_size, facts)


def _crash(message: str) -> Failure:
    return Failure.of(JobCrashed(message))
