"""Whether what every job needs works now: the store, the files, the work folder."""

from __future__ import annotations

import threading
import time

from windstill.errors import WindstillError
from windstill.jobs.errors import BlobMissing
from windstill.jobs.ports import BlobStore, JobStore
from windstill.jobs.workspace import Workspace

_INTERVAL = 2.0
_LATE = 5.0
"""Seconds that a look may take before its silence is a problem itself."""

_NOTHING = "0" * 32


class Vitals:
    """Looks at each part again and again, in a thread of its own.

    A part that hangs must neither stop the housekeeper, who keeps leases alive, nor those who
    ask whether the service is ready; they are told what the latest look has found.
    """

    def __init__(self, store: JobStore, blobs: BlobStore, workspace: Workspace) -> None:
        self.store = store
        self.blobs = blobs
        self.workspace = workspace
        self._found: list[str] = []
        self._begun: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="windstill-vitals", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, if it does not hang."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_LATE)

    def problems(self) -> list[str]:
        """What is wrong, in words."""
        begun = self._begun
        if begun is not None and time.monotonic() - begun > _LATE:
            return [*self._found, "the store or the files do not answer"]
        return list(self._found)

    def look(self) -> list[str]:
        """What is wrong at this moment, in words; may take as long as the parts do."""
        return [*self.workspace.problems(), *self._of_store(), *self._of_blobs()]

    def _of_store(self) -> list[str]:
        try:
            # A transaction that writes nothing still needs the right to.
            self.store.change(_NOTHING, lambda job: None, durable=False)
        except WindstillError as error:
            return [str(error)]
        return []

    def _of_blobs(self) -> list[str]:
        try:
            self.blobs.stat(f"uploads/{_NOTHING}")
        except BlobMissing:
            return []
        except WindstillError as error:
            return [str(error)]
        return []

    def _serve(self) -> None:
        while not self._stop.wait(_INTERVAL):
            self._begun = time.monotonic()
            try:
                self._found = self.look()
            except Exception as error:
                self._found = [f"looking at the parts failed: {error}"]
            self._begun = None
