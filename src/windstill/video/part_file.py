"""A file that appears at its place only when it is complete."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from windstill.errors import OutputError

_ADVICE = {
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the system allows",
    errno.EIO: "the disk reported an error",
    errno.ENAMETOOLONG: "its name is too long",
}


def output_error(target: Path, error: OSError) -> OutputError:
    """What to tell the user about a failure to write `target`."""
    reason = _ADVICE.get(error.errno or 0) or error.strerror or type(error).__name__
    return OutputError(f"{target} can't be written: {reason}.")


def is_output_failure(error: OSError) -> bool:
    """Whether `error` is about the place that was written to, rather than about the encoder."""
    return error.errno in _ADVICE


@contextmanager
def part_file(target: Path) -> Iterator[Path]:
    """An empty file beside `target` to write to; moved to `target` when the block succeeds.

    Whatever the block raises, nothing of it remains and `target` is as it was. A symbolic link
    is followed. Raises `OutputError` when the place can't be written to, or `target` exists and
    is not an ordinary file.
    """
    final = Path(os.path.realpath(target))
    # Those of os.path are false, rather than raise, where looking is not permitted.
    if os.path.isdir(final):
        raise OutputError(f"{target} can't be written: it is a folder.")
    if os.path.exists(final) and not os.path.isfile(final):
        raise OutputError(f"{target} can't be written: it is not an ordinary file.")
    part = final.with_name(f".windstill-{secrets.token_hex(6)}.part")
    # From here on a signal may end the work at any moment.
    try:
        try:
            # Made by hand, as tempfile's files would not get the permissions that umask gives.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except OSError as error:
            raise output_error(target, error) from error
        yield part
        try:
            part.replace(final)
        except OSError as error:
            raise output_error(target, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
