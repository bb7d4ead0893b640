"""Standard streams that are closed, full or of no reader: what cron jobs and daemons start us with.

A closed one is opened on the null device, before another file can take its number and get what was
meant for it. A failure to write standard output is an `OutputError`; what is said on standard error
when that can't be written is said to nobody.
"""

from __future__ import annotations

import io
import os
import sys
from typing import IO

from windstill.errors import OutputError

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_closed: set[int] = set()


def mend() -> None:
    """Makes the process's streams as the rest of the program expects them.

    Leaves alone what a host program put in their place.
    """
    for number in (_INPUT, _OUTPUT, _ERRORS):
        if not _is_open(number):
            _closed.add(number)
            _put_null(number)
    if sys.stdin is None:
        sys.stdin = open(_INPUT, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(_Output(_OUTPUT, "w", closefd=False), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(_Errors(_ERRORS, "w", closefd=False), sys.stderr)


def output_is_closed() -> bool:
    """Whether standard output was closed from the start."""
    return _OUTPUT in _closed


def require_output() -> None:
    """Raises `OutputError` if standard output, where a result is to go, was closed."""
    if output_is_closed():
        raise OutputError("Standard output is closed; nothing can be written to it.")


def silence_output() -> None:
    """Sends what is still to be written to standard output nowhere."""
    _put_null(_OUTPUT)


class _Output(io.FileIO):
    """Standard output; after a failure the rest goes nowhere, lest exiting fails once more."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            raise
        except OSError as error:
            silence_output()
            raise OutputError(
                f"Standard output can't be written: {error.strerror or type(error).__name__}."
            ) from error


class _Errors(io.FileIO):
    """Standard error, whose own failures are nobody's concern."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def _stream(raw: io.FileIO, like: IO[str] | None) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors=getattr(like, "errors", None) or "replace",
        line_buffering=raw.isatty() or isinstance(raw, _Errors),
    )


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _put_null(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
