"""Uploads and results as objects of an S3 bucket."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

import obstore

from windstill.adapters.blob_names import KINDS, checked, is_name, mime_of
from windstill.adapters.s3.address import Address
from windstill.adapters.s3.client import connect
from windstill.adapters.s3.faults import translated
from windstill.adapters.s3.reader import RangeReader
from windstill.jobs.errors import BlobMissing, StorageError
from windstill.jobs.media import saved_as
from windstill.jobs.ports import BlobInfo

PATIENCE = 5.0

_MIB = 1 << 20
_PART = 8 * _MIB
_PARTS_AT_ONCE = 2
_READ = 256 << 10
_LONGEST_LINK = 7 * 24 * 3600
"""What AWS Signature Version 4 allows in the query."""


class S3Blobs:
    """Implements `windstill.jobs.ports.BlobStore` in a bucket.

    An object appears whole, when its last byte has arrived: what is larger than a part goes as a
    multipart upload, of which a killed process leaves parts that no listing shows; the bucket's
    lifecycle rules remove them. Everything that is stored is durable.

    Usable from several threads, not across a fork. Credentials need to read, write, delete and
    list the bucket.

    patience: seconds in which an object store that hangs is given up.
    """

    def __init__(
        self,
        address: Address,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.address = address
        self.clock = clock
        self._store = connect(address, address.endpoint, patience)
        public = address.public_endpoint
        self._public = connect(address, public, patience) if public else self._store

    @property
    def origin(self) -> str:
        """See the port."""
        return self.address.origin

    def put(
        self, name: str, source: Path | bytes, *, mime: str | None = None, durable: bool = True
    ) -> BlobInfo:
        """See the port. What was stored is asked for again, so that a false size is noticed."""
        checked(name)
        mime = mime or mime_of(name)
        with translated(may_be_missing=False):
            size = source.stat().st_size if isinstance(source, Path) else len(source)
            obstore.put(
                self._store,
                name,
                source,
                attributes={
                    "Content-Type": mime,
                    "Content-Disposition": _disposition(name),
                    "Cache-Control": "private, max-age=3600",
                },
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )
        info = self.stat(name)
        if info.size != size:
            raise StorageError("The object store has kept another size than was sent.")
        return info

    def fetch(self, name: str, target: Path) -> None:
        """See the port."""
        checked(name)
        with translated():
            found = obstore.get(self._store, name)
        with translated(may_be_missing=False):
            file = open(target, "xb")  # noqa: SIM115
            try:
                with file:
                    for piece in found.stream(min_chunk_size=_MIB):
                        file.write(piece)
            except BaseException:
                target.unlink(missing_ok=True)
                raise

    def stat(self, name: str) -> BlobInfo:
        """See the port."""
        checked(name)
        try:
            with translated():
                found = obstore.get(self._store, name, options={"head": True})
        except BlobMissing:
            self._tell_missing(name)
            raise
        meta = found.meta
        mime = found.attributes.get("Content-Type", mime_of(name))
        return BlobInfo(name, meta["size"], mime, meta["last_modified"].timestamp())

    def _tell_missing(self, name: str) -> None:
        """Raises `StorageError` when it is the bucket that is missing.

        An answer to HEAD has no body that would say so; one to GET has.
        """
        with suppress(BlobMissing), translated():
            obstore.get(self._store, name)

    def open(self, name: str) -> BinaryIO:
        """See the port."""
        size = self.stat(name).size
        raw = RangeReader(self._store, name, size)
        return cast(BinaryIO, io.BufferedReader(raw, _READ))

    def delete(self, name: str) -> None:
        """See the port."""
        checked(name)
        with suppress(BlobMissing), translated():
            obstore.delete(self._store, name)

    def names(self, prefix: str = "") -> Iterator[BlobInfo]:
        """See the port. Types are told by the names; other objects of the bucket are left out."""
        for kind in sorted(KINDS):
            with translated(may_be_missing=False):
                for chunk in obstore.list(self._store, kind):
                    for meta in chunk:
                        name = meta["path"]
                        if is_name(name) and name.startswith(prefix):
                            stored_at = meta["last_modified"].timestamp()
                            yield BlobInfo(name, meta["size"], mime_of(name), stored_at)

    def sweep(self, keep: set[str], before: float) -> Sequence[str]:
        """See the port. Parts of broken uploads are the bucket's lifecycle rules' matter."""
        swept = [
            info.name for info in self.names() if info.name not in keep and info.stored_at < before
        ]
        with suppress(BlobMissing), translated():
            obstore.delete(self._store, swept)
        return swept

    def link(self, name: str, *, expires_at: float) -> str:
        """See the port. A presigned address; it ends after seven days, if not before.

        Whoever has it can read this one object, and no other, nor write.
        """
        seconds = int(expires_at - self.clock())
        lifetime = timedelta(seconds=min(_LONGEST_LINK, max(1, seconds)))
        with translated():
            return obstore.sign(self._public, "GET", checked(name), lifetime)

    def probe(self) -> None:
        """Asks whether the bucket is there and may be listed; one small request.

        Raises `StorageError`.
        """
        with translated(may_be_missing=False):
            obstore.list_with_delimiter(self._store, "probe")


def _disposition(name: str) -> str:
    """Shown in browsers, and saved under a name that says where it is from."""
    return f'inline; filename="{saved_as(name)}"'
