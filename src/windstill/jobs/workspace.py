"""The private folder in which jobs run."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path

from windstill.jobs.errors import DataFolderBusy, StorageError
from windstill.jobs.model import new_id
from windstill.jobs.supervise import linux

_LOCK = "lock"
_MIN_FREE = 64 << 20
"""Bytes that must be free for work to be taken on: some uploads, results, and the store's log."""


class Workspace:
    """One folder for each running job, inside a folder that one service at a time works in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: int | None = None

    @property
    def lock_handle(self) -> int | None:
        """The open lock file. Whoever inherits it keeps the folder locked, too."""
        return self._lock

    def lock(self, timeout: float = 10.0) -> None:
        """Makes the folder this service's own. Raises `DataFolderBusy` after `timeout` seconds.

        A fork server that outlives its service for a moment holds the lock until it has killed
        all its jobs, so with the lock comes the certainty that nothing runs here any more.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self.root} can't be used: {error.strerror}.") from error
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                os.close(handle)
                raise DataFolderBusy(
                    f"Another service is running on {self.root.parent}; stop it, or use "
                    "another data folder."
                ) from None
            self._lock = handle
            return

    def unlock(self) -> None:
        """Gives the folder up."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def make(self, job_id: str) -> Path:
        """A new private folder for one run of a job. Raises `StorageError`."""
        folder = self.root / f"{job_id}-{new_id()[:8]}"
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(f"No folder for the job: {error.strerror}.") from error
        return folder

    def remove(self, folder: Path) -> None:
        """Removes a job's folder and all in it."""
        shutil.rmtree(folder, ignore_errors=True)

    def problems(self) -> list[str]:
        """What keeps jobs from being worked on here, in words."""
        if not os.access(self.root, os.W_OK | os.X_OK):
            return ["the work folder can't be written to"]
        free = shutil.disk_usage(self.root).free
        if free < _MIN_FREE:
            return [f"the disk is full: {free >> 20} MiB are left, {_MIN_FREE >> 20} are needed"]
        return []

    def clear(self) -> int:
        """Ends and removes what former services left; returns how many folders there were.

        When service and fork server were killed in one moment, the kernel ends the jobs, but
        not what a job may have started in turn.
        """
        linux.end_all_in(self.root)
        orphans = [entry for entry in self.root.iterdir() if entry.name != _LOCK]
        for orphan in orphans:
            if orphan.is_dir() and not orphan.is_symlink():
                shutil.rmtree(orphan, ignore_errors=True)
            else:
                orphan.unlink(missing_ok=True)
        return len(orphans)
