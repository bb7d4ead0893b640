"""Addresses that anybody may open, until a time that can't be altered."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from windstill.jobs.errors import LinkExpired, LinkRefused, StorageError

_PURPOSE = b"windstill link 1\n"


class SignedLinks:
    """Signs names with an expiry, by HMAC-SHA256 over both."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock

    def query(self, name: str, expires_at: float) -> str:
        """The query string that opens `name` until `expires_at`, in whole seconds."""
        expires = str(int(expires_at))
        return f"expires={expires}&signature={self._signature(name, expires)}"

    def check(self, name: str, expires: str, signature: str) -> None:
        """Raises `LinkRefused` unless all three belong together, `LinkExpired` when it is late."""
        # Compared as bytes: compare_digest takes no text beyond ASCII.
        genuine = self._signature(name, expires).encode()
        if not hmac.compare_digest(genuine, signature.encode("utf-8", "surrogatepass")):
            raise LinkRefused("This link was altered or never issued.")
        if self._clock() >= int(expires):
            raise LinkExpired("This link has expired.")

    def _signature(self, name: str, expires: str) -> str:
        message = _PURPOSE + f"{expires}\n{name}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._secret, message, sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def load_secret(path: Path) -> bytes:
    """The secret in a file that only its owner can read; made on first use, by whoever is first.

    Raises `StorageError` when the file is damaged or can't be made.
    """
    try:
        if not path.exists():
            _make_secret(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        path.chmod(0o600)
    except (OSError, ValueError) as error:
        raise StorageError(f"The signing secret {path} can't be used: {error}.") from error
    if len(secret) < 32:
        raise StorageError(f"The signing secret {path} is cut off; remove it to get a new one.")
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, never replaces a secret already in use
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
