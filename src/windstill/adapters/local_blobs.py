"""Uploads and results as files in a folder."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from windstill.adapters.blob_names import KINDS, checked, mime_of
from windstill.adapters.links import SignedLinks
from windstill.jobs.errors import BlobMissing, StorageError
from windstill.jobs.ports import BlobInfo

logger = logging.getLogger("windstill.jobs")

_PARTIAL = "partial"


class LocalBlobs:
    """Implements `windstill.jobs.ports.BlobStore` in the folder `root`.

    A blob is written under another name, brought to the disk, and then renamed. base_url: what
    links begin with, in front of the blob's name.
    """

    origin: str | None = None

    def __init__(self, root: Path, links: SignedLinks, base_url: str = "/files/") -> None:
        self.root = root
        self.links = links
        self.base_url = base_url
        with _translated(root.name):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.chmod(0o700)
            for folder in (*KINDS, _PARTIAL):
                (root / folder).mkdir(mode=0o700, exist_ok=True)

    def put(
        self, name: str, source: Path | bytes, *, mime: str | None = None, durable: bool = True
    ) -> BlobInfo:
        """See the port. The type is told by the name's ending, so `mime` is not stored."""
        target = self._path(name)
        draft = self.root / _PARTIAL / secrets.token_hex(16)
        with _translated(name):
            try:
                _write(draft, source)
                if durable:
                    _sync(draft)
                os.rename(draft, target)
                if durable:
                    _sync(target.parent)
            finally:
                draft.unlink(missing_ok=True)
        return self.stat(name)

    def fetch(self, name: str, target: Path) -> None:
        """See the port."""
        with _translated(name), open(self.path(name), "rb") as source, open(target, "xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)

    def stat(self, name: str) -> BlobInfo:
        """See the port."""
        with _translated(name):
            found = self._path(name).stat()
        return BlobInfo(name, found.st_size, mime_of(name), found.st_mtime)

    def open(self, name: str) -> BinaryIO:
        """See the port."""
        with _translated(name):
            return open(self._path(name), "rb")

    def path(self, name: str) -> Path:
        """The blob's file, for servers that send files by path."""
        self.stat(name)
        return self._path(name)

    def delete(self, name: str) -> None:
        """See the port."""
        with _translated(name):
            self._path(name).unlink(missing_ok=True)

    def names(self, prefix: str = "") -> Iterator[BlobInfo]:
        """See the port."""
        for kind in KINDS:
            for entry in sorted((self.root / kind).iterdir()):
                name = f"{kind}/{entry.name}"
                if name.startswith(prefix):
                    with suppress(BlobMissing):  # it may go while the folder is read
                        yield self.stat(name)

    def sweep(self, keep: set[str], before: float) -> Sequence[str]:
        """See the port."""
        swept = []
        for info in self.names():
            if info.name not in keep and info.stored_at < before:
                try:
                    self.delete(info.name)
                except StorageError as error:
                    logger.error("%s can't be removed: %s", info.name, error)
                else:
                    swept.append(info.name)
        for draft in (self.root / _PARTIAL).iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < before:
                    draft.unlink()
                    swept.append(f"{_PARTIAL}/{draft.name}")
        return swept

    def link(self, name: str, *, expires_at: float) -> str:
        """See the port."""
        return f"{self.base_url}{name}?{self.links.query(name, expires_at)}"

    def check(self, name: str, expires: str, signature: str) -> BlobInfo:
        """The blob that a link's parts open.

        Raises `LinkRefused`, `LinkExpired`, or `BlobMissing` when it was removed.
        """
        self.links.check(name, expires, signature)
        return self.stat(name)

    def _path(self, name: str) -> Path:
        return self.root / checked(name)


def _write(draft: Path, source: Path | bytes) -> None:
    if isinstance(source, Path):
        try:
            os.rename(source, draft)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(source, draft)
        draft.chmod(0o600)
        return
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(source)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissing("There is no such file.") from error
    except OSError as error:
        raise StorageError(f"{name} can't be stored or read: {error.strerror}.") from error
