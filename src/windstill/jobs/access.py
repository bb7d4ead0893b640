"""Access key pairs, for clients that sign their requests instead of sending a secret.

Who checks a signature needs the secret itself, so its hash is no use, and a database with secrets
in clear would open everything to whoever reads it. A secret is therefore derived and stored
nowhere: HMAC-SHA256, under the service's own access secret, of the key's id and a generation,
written with letters and digits. A copy of the database alone opens nothing, services that share
the access secret derive the same, and rotating is counting on.
"""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from windstill.jobs.accounts import Access, Key
from windstill.jobs.errors import InvalidKey
from windstill.jobs.keys import KeyRing

ID_MARK = "WSAK"
ID_LENGTH = 20
SECRET_LENGTH = 30
"""The lengths that programs and forms made for the upstream's pairs expect. 30 of 62 characters
are 178 bits, of the 256 that are derived.
"""

_PURPOSE = "windstill access 1"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True)
class AccessPair:
    """What a client is configured with."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class LoopSecret:
    """What signs addresses of loops, as imgproxy calls it."""

    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)


def loop_secret(secret: str) -> LoopSecret:
    """What signs addresses of loops for whoever has this secret of an access key pair."""
    key, salt = (
        hmac.new(secret.encode(), f"windstill loop {part} 1".encode(), sha256).digest()
        for part in ("key", "salt")
    )
    return LoopSecret(key, salt)


class AccessRing:
    """The access key pairs of the service's keys. secret: the service's access secret."""

    def __init__(self, keys: KeyRing, secret: bytes) -> None:
        self._keys = keys
        self._secret = secret

    def open(self, name_or_id: str) -> AccessPair:
        """The key's pair; made, or switched on again with a new secret, where there is none.

        Raises `InvalidKey` for a key that is not there or was revoked.
        """

        def opened(access: Access | None) -> Access:
            if access is None:
                drawn = (secrets.choice(_ALPHABET) for _ in range(ID_LENGTH - len(ID_MARK)))
                return Access(id=ID_MARK + "".join(drawn))
            if access.closed_at is None:
                return access
            return Access(id=access.id, generation=access.generation + 1)

        return self._changed(name_or_id, opened)

    def rotate(self, name_or_id: str, overlap: float) -> AccessPair:
        """A new secret for the key's pair; the former one signs for `overlap` seconds yet.

        The one before that ends at once. Raises `InvalidKey`, also when the key has no pair.
        """
        if not overlap >= 0:
            raise InvalidKey("overlap must be 0 seconds or more.", field="overlap")
        until = self._keys.clock() + overlap

        def rotated(access: Access | None) -> Access:
            access = _open_one(access)
            return replace(access, generation=access.generation + 1, former_until=until)

        return self._changed(name_or_id, rotated)

    def close(self, name_or_id: str) -> None:
        """Switches the key's pair off; the key itself works on. Raises `InvalidKey`."""
        now = self._keys.clock()
        self._changed(name_or_id, lambda access: replace(_open_one(access), closed_at=now))

    def find(self, access_id: str) -> Key | None:
        """The key whose pair has this public half, switched off or revoked as it may be."""
        possible = len(access_id) == ID_LENGTH and access_id.isascii() and access_id.isalnum()
        return self._keys.store.key_of_access(access_id) if possible else None

    def secrets_of(self, key: Key) -> list[str]:
        """The secrets that sign for the key at this time, the newest first."""
        access = key.access
        if access is None or access.closed_at is not None:
            return []
        generations = [access.generation]
        if access.former_until is not None and self._keys.clock() < access.former_until:
            generations.append(access.generation - 1)
        return [self._derived(key.id, generation) for generation in generations]

    def loop_secrets(self) -> list[tuple[Key, LoopSecret]]:
        """What signs addresses of loops at this time, and for which key."""
        return [
            (key, loop_secret(secret))
            for key in self._keys.store.list_keys()
            if not key.revoked
            for secret in self.secrets_of(key)
        ]

    def use_nonce(self, access_id: str, nonce: str, seconds: float) -> bool:
        """Whether the nonce is new; for so many seconds it is used from now on."""
        now = self._keys.clock()
        return self._keys.store.use_nonce(access_id, nonce, now, now + seconds)

    def _changed(self, name_or_id: str, change: Callable[[Access | None], Access]) -> AccessPair:
        def changed(key: Key) -> Key:
            if key.revoked:
                raise InvalidKey("A revoked key has no access key pair.", field="name")
            return replace(key, access=change(key.access))

        key = self._keys.store.change_key(self._keys.find(name_or_id).id, changed)
        if key is None or key.access is None:
            raise InvalidKey(f"There is no key {name_or_id!r}.", field="name")
        return AccessPair(key.access.id, self._derived(key.id, key.access.generation))

    def _derived(self, key_id: str, generation: int) -> str:
        message = f"{_PURPOSE}\n{key_id}\n{generation}".encode()
        number = int.from_bytes(hmac.new(self._secret, message, sha256).digest(), "big")
        characters = []
        for _ in range(SECRET_LENGTH):
            number, digit = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[digit])
        return "".join(characters)


def _open_one(access: Access | None) -> Access:
    if access is None or access.closed_at is not None:
        raise InvalidKey("The key has no access key pair that is switched on.", field="name")
    return access
