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
class MadeFile:
    """A file that a job made, in its folder."""

    path: Path
    mime: str


@dataclass(frozen=True)
class Made:
    """What a job made: its result, what its task said of it, and further files by name."""

    main: MadeFile
    facts: Mapping[str, Any]
    extras: Mapping[str, MadeFile]

    @property
    def files(self) -> tuple[MadeFile, ...]:
        """All of them."""
        return (self.main, *self.extras.values())


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
    extras = facts.pop("extras", {})
    if not isinstance(extras, dict) or not all(isinstance(e, dict) for e in extras.values()):
        return _crash("The job's process ended without a result.")
    main = _file(facts.pop("path", None), facts.get("mime"), folder)
    if isinstance(main, Failure):
        return main
    files = {}
    for name, extra in extras.items():
        file = _file(extra.get("path"), extra.get("mime"), folder)
        if isinstance(file, Failure):
            return file
        files[name[:60]] = file
    return Made(main, facts, files)


def _file(name: object, mime: object, folder: Path) -> MadeFile | Failure:
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
    return MadeFile(path, mime[:100])


def _crash(message: str) -> Failure:
    return Failure.of(JobCrashed(message))
