"""Everything on one machine: SQLite, local files, and a queue in the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from windstill.jobs.engine import Engine
from windstill.jobs.ports import JobStore


def open_store(data: Path) -> JobStore:
    """The job store of a data folder, made if it is not there (mode 0700)."""
    raise NotImplementedError


def open_engine(data: Path, *, files_url: str = "/files/", **settings: Any) -> Engine:
    """An engine on a data folder, not yet started. `settings` are those of `Config`.

    Links to results are `files_url` + name + "?expires=...&signature=...".
    """
    raise NotImplementedError
