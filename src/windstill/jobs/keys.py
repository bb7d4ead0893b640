"""Making, checking, rotating and revoking keys."""

from __future__ import annotations

import time
from collections.abc import Callable

from windstill.jobs.accounts import Balance, Key, Usage
from windstill.jobs.ports import KeyStore


class KeyRing:
    """The service's keys, in a store.

    A secret is 64 letters and digits: "ws" and 62 drawn by chance, of which the first 10 are
    stored in clear to find the key by, so 52 (309 bits) must be guessed. Only the SHA-256 of a
    secret is stored: slow hashes protect secrets that people invent, and nobody can search
    2^309 of them, fast hash or not.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.time) -> None: ...

    def create(
        self,
        name: str,
        *,
        credits: int | None = None,
        rate: float | None = None,
        job_limit: int | None = None,
    ) -> tuple[Key, str]:
        """A new key and its secret, which is not stored and can't be shown again.

        credits: None for no limit. Raises `InvalidKey` (name in use, nonsense limits).
        """

    def authenticate(self, secret: str) -> Key:
        """The key that a secret opens, in constant time. Raises `UnknownKey` or `RevokedKey`."""

    def find(self, name_or_id: str) -> Key:
        """The key with this id, or with this name and not revoked. Raises `InvalidKey`."""

    def list(self) -> list[Key]:
        """All keys, oldest first."""

    def rotate(self, name_or_id: str, overlap: float) -> tuple[Key, str]:
        """A further secret for a key; older ones end after `overlap` seconds."""

    def revoke(self, name_or_id: str) -> Key:
        """Closes a key for good. Its running jobs end as they would."""

    def grant(self, name_or_id: str, amount: int | None) -> Balance:
        """Adds credits, takes them when negative, or lifts the limit with None."""

    def balance(self, key_id: str) -> Balance:
        """Credits granted, spent and reserved."""

    def usage(self, key_id: str) -> Usage:
        """What became of the key's jobs."""
