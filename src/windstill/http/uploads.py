"""Memory for what clients send: counted as it arrives, and shared among keys.

Announced lengths count for nothing: whoever announces much and sends little would keep all others
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from windstill.http.refusals import Reason, RequestRefused
from windstill.jobs.task import MATTES
from windstill.settings import Settings

OVERHEAD = 64 * 1024
"""Bytes that count for every body: the server library's own buffer of a connection."""
STRANGERS = ""
"""Stands for the key of everybody whose key is not known before the body is read."""
SHARES = 2
"""Into as many parts the memory is divided; one key has at most one of them."""


def upload_memory(settings: Settings) -> int:
    """Bytes for all uploads: what is set, and enough that one key can send the largest."""
    largest = (1 + len(MATTES)) * settings.max_photo_bytes + 2 * OVERHEAD
    return max(settings.upload_memory_mb * 2**20, SHARES * largest)


class UploadMemory:
    """What bodies and fetched photos occupy until their jobs are stored. most: bytes in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._of_key: Counter[str] = Counter()

    @contextmanager
    def hold(self, key_id: str) -> Iterator[Held]:
        """Inside, a body of this key is read. Raises `RequestRefused` when there is no room."""
        held = Held(self, key_id)
        try:
            held.take(OVERHEAD)
            yield held
        finally:
            self._used -= held.size
            self._of_key[key_id] -= held.size
            if not self._of_key[key_id]:
                del self._of_key[key_id]

    def take(self, key_id: str, count: int) -> None:
        """Counts bytes of a key. Raises `RequestRefused` when it or all have too many."""
        if self._used + count > self._most or self._of_key[key_id] + count > self._most // SHARES:
            raise RequestRefused(
                Reason.TOO_MANY_UPLOADS, "Too many uploads at the same time.", retry_after=1
            )
        self._used += count
        self._of_key[key_id] += count


class Fetches:
    """Bounds how many photos are fetched for one key at a time. most: of one key."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._of_key: Counter[str] = Counter()

    @contextmanager
    def hold(self, key_id: str) -> Iterator[None]:
        """Inside, a photo is fetched. Raises `RequestRefused` when the key has too many."""
        if self._of_key[key_id] >= self._most:
            raise RequestRefused(
                Reason.TOO_MANY_UPLOADS,
                f"{self._most} photos are fetched for this key already.",
                retry_after=5,
            )
        self._of_key[key_id] += 1
        try:
            yield
        finally:
            self._of_key[key_id] -= 1
            if not self._of_key[key_id]:
                del self._of_key[key_id]


class Held:
    """What one request holds of the memory. size: bytes."""

    def __init__(self, memory: UploadMemory, key_id: str) -> None:
        self._memory = memory
        self._key_id = key_id
        self.size = 0

    def take(self, count: int) -> None:
        """Counts bytes that have arrived. Raises `RequestRefused` when there is no room."""
        self._memory.take(self._key_id, count)
        self.size += count
