"""Removing files that are not needed any more, for as long as it takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from windstill.jobs.errors import StorageError
from windstill.jobs.ports import BlobStore

logger = logging.getLogger("windstill.jobs")

_AGAIN = 10.0
_SLOW = 1.0
_MOST = 10_000


class Removal:
    """Files to be removed. One that can't be is tried again later, and holds up no other.

    Those that are still to be removed when the process ends, or are too many, belong to no job,
    and are found as such. For one thread.
    """

    def __init__(self, blobs: BlobStore, clock: Callable[[], float]) -> None:
        self._blobs = blobs
        self._clock = clock
        self._due: dict[str, float] = {}

    def add(self, names: Iterable[str]) -> None:
        """These are to be removed, by the next `work`."""
        for name in names:
            if len(self._due) < _MOST:
                self._due[name] = 0.0

    def work(self) -> None:
        """Removes what is due. Does not fail."""
        now, begin = self._clock(), time.monotonic()
        for name in [name for name, due in self._due.items() if due <= now]:
            del self._due[name]
            try:
                self._blobs.delete(name)
            except StorageError as error:
                logger.error("%s can't be removed yet: %s", name, error)
                self._due[name] = now + _AGAIN  # behind all others
                if time.monotonic() - begin > _SLOW:
                    # Nothing answers, it seems, and whoever removes files has more to do.
                    self._due = {name: max(due, now + _AGAIN) for name, due in self._due.items()}
                    return
