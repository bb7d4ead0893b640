"""One photo animated: what is to be done, and what came of it, both fit for another process."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import click

from windstill.cli.targets import Task
from windstill.errors import NothingToMove, OutputError, UnreadablePhoto, WindstillError
from windstill.options import Options

if TYPE_CHECKING:
    from windstill.animation import Animation

UNEXPECTED = 1
NOTHING_MOVES = 6

State = Literal["done", "skipped", "failed"]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Manner:
    """How photos are worked on, apart from the options.

    sky, hair: files of mattes.
    """

    force: bool = False
    strict: bool = False
    threads: int | None = None
    sky: str | None = None
    hair: str | None = None


@dataclass(frozen=True)
class Work:
    """One photo to animate."""

    task: Task
    options: Options
    manner: Manner


@dataclass(frozen=True)
class Outcome:
    """What came of one photo.

    error: code, field and message of what went wrong. facts: `Animation.facts()`. warnings:
    messages worth telling. exit_status: what this photo alone would give.
    """

    task: Task
    state: State
    exit_status: int = 0
    seconds: float = 0.0
    sentence: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: dict[str, str | None] | None = None

    @classmethod
    def failed(cls, task: Task, error: WindstillError, seconds: float = 0.0) -> Outcome:
        """The outcome of an error raised on purpose."""
        told = {"code": error.code, "field": error.field, "message": str(error)}
        return cls(task, "failed", error.exit_status, seconds, error=told)


class NothingMoves(WindstillError):
    """Nothing was found that could move, and the caller asked to be told."""

    code = "nothing_moves"
    exit_status = NOTHING_MOVES


class Unexpected(WindstillError):
    """An error of the program itself, or the end of the process that worked on the photo."""

    code = "unexpected"
    exit_status = UNEXPECTED


def attempt(work: Work, progress: Progress) -> Outcome:
    """Animates one photo; whatever goes wrong is in the outcome, except for interruptions."""
    begin = time.monotonic()
    task = work.task
    try:
        animation = _animate(work, progress)
    except WindstillError as error:
        return Outcome.failed(task, error, time.monotonic() - begin)
    except (BrokenPipeError, click.UsageError):
        raise
    except Exception as error:
        traceback.print_exc()
        problem = Unexpected(f"unexpected {type(error).__name__}")
        return Outcome.failed(task, problem, time.monotonic() - begin)
    return _done(work, animation, time.monotonic() - begin)


def _done(work: Work, animation: Animation, seconds: float) -> Outcome:
    from windstill.cli import report

    task, options = work.task, work.options
    photo, output = str(task.photo), str(task.output)
    return Outcome(
        task,
        "done",
        seconds=seconds,
        sentence=report.sentence(photo, output, animation, options),
        facts={**animation.facts(), "path": output, "options": options.as_dict()},
        warnings=tuple(notice.message for notice in report.worth_telling(animation, options)),
    )


def _animate(work: Work, progress: Progress) -> Animation:
    task, manner = work.task, work.manner
    _check_free(task, manner)
    import windstill

    source = _standard_input() if task.reads_stream else task.photo
    given = windstill.GivenMattes(sky=manner.sky, hair=manner.hair)
    try:
        animation = windstill.animate(
            source,
            work.options,
            output=None if task.writes_stream else task.output,
            poster=task.poster,
            mattes=given if manner.sky or manner.hair else None,
            must_move=manner.strict,
            threads=manner.threads,
            progress=progress,
        )
    except NothingToMove as error:
        raise NothingMoves(str(error)) from error
    if task.writes_stream:
        sys.stdout.buffer.write(animation.read())
        sys.stdout.buffer.flush()
    return animation


def _check_free(task: Task, manner: Manner) -> None:
    """Makes sure that the result has a place, before any work is done for it."""
    if task.writes_stream:
        return
    # Those of os.path are false, rather than raise, where looking is not permitted.
    if not task.reads_stream and not os.path.exists(task.photo):
        raise UnreadablePhoto("there is no such file.")
    for place in (task.output, *([] if task.poster is None else [task.poster])):
        if not os.path.exists(place):
            continue
        if not task.reads_stream and os.path.samefile(place, task.photo):
            raise OutputError(f"{place} is the photo itself.")
        if not manner.force:
            raise OutputError(f"{place} exists; --force replaces it.")
    if os.path.isdir(task.output.parent):
        return
    try:
        task.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{task.output.parent} can't be made: {error.strerror}.") from error


def _standard_input() -> bytes:
    if sys.stdin.isatty():
        raise click.UsageError("standard input is a terminal; pipe a photo into it.")
    return sys.stdin.buffer.read()
