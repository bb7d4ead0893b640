"""Who signed an address: imgproxy's signature, with the key and salt of one of the service's keys.

The signature is HMAC-SHA256, under the key, of the salt and the path behind the signature with its
slash, in base64url without padding (https://docs.imgproxy.net/usage/signing_url).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from hashlib import sha256

from windstill.http.refusals import Reason, RequestRefused
from windstill.jobs.access import AccessRing, LoopSecret
from windstill.jobs.accounts import Key
from windstill.jobs.clock import Clock

_FRESH_SECONDS = 5.0
"""How long the list of keys is believed: a key that was closed signs no longer than this."""
_AGAIN_SECONDS = 0.01
"""After this it is read again for a signature that is of none, which may be a new key's."""


class Signers:
    """The keys that may sign. Usable from several threads."""

    def __init__(self, ring: AccessRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._known: list[tuple[Key, LoopSecret]] = []
        self._read_at = float("-inf")

    def signer(self, signature: str, path: str) -> Key:
        """The key that signed `path`, which begins with a slash. It may take a call of the store.

        Raises `RequestRefused`; why is told to nobody.
        """
        given = _decoded(signature)
        # Some signers sign a space as it is, and browsers then send it encoded.
        variants = {path, path.replace("%20", " ")}
        for most in (_FRESH_SECONDS, _AGAIN_SECONDS):
            for key, secret in self._open_keys(most):
                for variant in variants:
                    digest = hmac.new(secret.key, secret.salt + variant.encode(), sha256).digest()
                    if hmac.compare_digest(digest, given):
                        return key
        raise _refusal()

    def _open_keys(self, most: float) -> list[tuple[Key, LoopSecret]]:
        """The keys as they were at most so many seconds ago."""
        now = self._clock()
        if now >= self._read_at + most:
            self._known = self._ring.loop_secrets()
            self._read_at = now
        return self._known


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature + "=" * (-len(signature) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refusal() from None


def _refusal() -> RequestRefused:
    return RequestRefused(Reason.WRONG_SIGNATURE, "The signature is not one of this address.")
