"""What the object store's client raises, as errors of the tree.

The client's own messages are long, and name addresses and requests; they stay the cause, for
whoever debugs, and are not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from windstill.jobs.errors import BlobMissing, StorageError

_STATUS = re.compile(r"status code: (\d{3})")
_REFUSED = ("401", "403")


@contextmanager
def translated(*, may_be_missing: bool = True) -> Iterator[None]:
    """Turns errors of obstore and of local files into `BlobMissing` and `StorageError`.

    may_be_missing: that a name is not found means the blob; else, where something is written,
    only the bucket can be meant.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and may_be_missing and not _no_bucket(error):
            raise BlobMissing("There is no such file.") from error
        raise StorageError(f"{_reason(error)}.") from error


def _no_bucket(error: Exception) -> bool:
    return "NoSuchBucket" in str(error)


def _reason(error: Exception) -> str:
    if _no_bucket(error):
        return "The object store has no bucket of the name that the setting storage gives"
    found = _STATUS.search(str(error))
    status = found.group(1) if found else ""
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or status in _REFUSED:
        return "The object store refuses the key, or the key may not do this"
    if status:
        return f"The object store answers with status {status}"
    if isinstance(error, OSError) and error.strerror:
        return f"A file can't be read or written: {error.strerror}"
    return "The object store can't be reached, or does not answer in time"
