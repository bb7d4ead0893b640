"""A blob as a file that fetches what is read, in ranges."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import obstore

from windstill.adapters.s3.faults import translated

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore.store import S3Store


class RangeReader(io.RawIOBase):
    """Implements a seekable raw stream; to be wrapped in `io.BufferedReader`.

    Raises `BlobMissing` when the blob goes meanwhile, and `StorageError`.
    """

    def __init__(self, store: S3Store, name: str, size: int) -> None:
        super().__init__()
        self._store = store
        self._blob = name
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Goes to a byte; nothing is fetched."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning of the file")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fetches as many bytes as fit, or as there are."""
        view = memoryview(buffer).cast("B")
        length = min(len(view), self._size - self._place)
        if length <= 0:
            return 0
        with translated():
            piece = obstore.get_range(self._store, self._blob, start=self._place, length=length)
        view[: len(piece)] = memoryview(piece)
        self._place += len(piece)
        return len(piece)
