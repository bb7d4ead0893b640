"""Making, checking, rotating and revoking keys."""

from __future__ import annotations

import builtins
import hmac
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from windstill.jobs.accounts import Balance, Key, Secret, Usage
from windstill.jobs.errors import InvalidKey, RevokedKey, UnknownKey
from windstill.jobs.model import new_id
from windstill.jobs.ports import KeyStore

LENGTH = 64
"""Characters of a secret: the shape that the retired API's keys had."""

_MARK = "ws"
_PREFIX = 12
_ALPHABET = string.ascii_letters + string.digits
_MAX_NAME = 100


class KeyRing:
    """The service's keys, in a store.

    A secret is 64 letters and digits: "ws" and 62 drawn by chance, of which the first 10 are
    stored in clear to find the key by, so 52 (309 bits) must be guessed. Only the SHA-256 of a
    secret is stored: slow hashes protect secrets that people invent, and nobody can search
    2^309 of them, fast hash or not.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.clock = clock

    def create(
        self,
        name: str,
        *,
        credits: int | None = None,
        rate: float | None = None,
        job_limit: int | None = None,
        high_priority: bool = False,
    ) -> tuple[Key, str]:
        """A new key and its secret, which is not stored and can't be shown again.

        credits: None for no limit. high_priority: its jobs may ask to run first. Raises
        `InvalidKey` (name in use, nonsense limits).
        """
        name = name.strip()
        if not name or len(name) > _MAX_NAME or not name.isprintable():
            raise InvalidKey(f"A name has 1 to {_MAX_NAME} printable characters.", field="name")
        _at_least("credits", credits, 0)
        _at_least("job_limit", job_limit, 1)
        if rate is not None and not rate > 0:
            raise InvalidKey("rate must be above 0 jobs a minute.", field="rate")
        now = self.clock()
        key = Key(
            id=new_id(),
            name=name,
            created_at=now,
            rate=rate,
            job_limit=job_limit,
            high_priority=high_priority,
        )
        secret, stored = _draw(now)
        self.store.add_key(key, stored, credits)
        return key, secret

    def authenticate(self, secret: str) -> Key:
        """The key that a secret opens, in constant time. Raises `UnknownKey` or `RevokedKey`."""
        if len(secret) != LENGTH or not secret.isascii():
            raise UnknownKey("The API key is not valid.")
        digest = _digest(secret)
        now = self.clock()
        opened = None
        for key, stored in self.store.secrets(secret[:_PREFIX]):
            if hmac.compare_digest(stored.digest, digest) and stored.live(now):
                opened = key
        if opened is None:
            raise UnknownKey("The API key is not valid.")
        if opened.revoked:
            raise RevokedKey("The API key was revoked.")
        return opened

    def find(self, name_or_id: str) -> Key:
        """The key with this id or name; a revoked one's name may be another's by now.

        Raises `InvalidKey` when there is none.
        """
        if not name_or_id.isprintable():
            raise InvalidKey("A key's name has only printable characters.", field="name")
        key = self.store.key(name_or_id)
        if key is not None:
            return key
        named = [key for key in self.store.list_keys() if key.name == name_or_id]
        if not named:
            raise InvalidKey(f"There is no key {name_or_id!r}.", field="name")
        return min(named, key=lambda key: (key.revoked, -key.created_at))

    def list(self) -> builtins.list[Key]:
        """All keys, oldest first."""
        return self.store.list_keys()

    def rotate(self, name_or_id: str, overlap: float) -> tuple[Key, str]:
        """A further secret for a key; older ones end after `overlap` seconds."""
        if not overlap >= 0:
            raise InvalidKey("overlap must be 0 seconds or more.", field="overlap")
        key = self.find(name_or_id)
        if key.revoked:
            raise InvalidKey("A revoked key can't be rotated.", field="name")
        now = self.clock()
        secret, stored = _draw(now)
        self.store.rotate(key.id, stored, now + overlap)
        return key, secret

    def revoke(self, name_or_id: str) -> Key:
        """Closes a key for good. Its running jobs end as they would."""
        now = self.clock()

        def closed(key: Key) -> Key:
            return key if key.revoked else replace(key, revoked_at=now)

        return self._changed(name_or_id, closed)

    def limit(
        self,
        name_or_id: str,
        *,
        rate: float | None,
        job_limit: int | None,
        high_priority: bool = False,
    ) -> Key:
        """Sets a key's own limits, None: the service's defaults; and whether it may go first."""
        _at_least("job_limit", job_limit, 1)
        if rate is not None and not rate > 0:
            raise InvalidKey("rate must be above 0 jobs a minute.", field="rate")
        return self._changed(
            name_or_id,
            lambda key: replace(key, rate=rate, job_limit=job_limit, high_priority=high_priority),
        )

    def grant(self, name_or_id: str, amount: int | None) -> Balance:
        """Adds credits, takes them when negative, or lifts the limit with None."""
        key = self.find(name_or_id)
        self.store.grant(key.id, amount, self.clock())
        return self.store.balance(key.id)

    def balance(self, key_id: str) -> Balance:
        """Credits granted, spent and reserved."""
        return self.store.balance(key_id)

    def usage(self, key_id: str) -> Usage:
        """What became of the key's jobs."""
        return self.store.usage(key_id)

    def _changed(self, name_or_id: str, change: Callable[[Key], Key]) -> Key:
        key = self.store.change_key(self.find(name_or_id).id, change)
        if key is None:
            raise InvalidKey(f"There is no key {name_or_id!r}.", field="name")
        return key


def _draw(now: float) -> tuple[str, Secret]:
    drawn = (secrets.choice(_ALPHABET) for _ in range(LENGTH - len(_MARK)))
    secret = _MARK + "".join(drawn)
    return secret, Secret(prefix=secret[:_PREFIX], digest=_digest(secret), created_at=now)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise InvalidKey(f"{name} must be {least} or more.", field=name)
