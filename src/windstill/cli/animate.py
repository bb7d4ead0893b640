"""`windstill animate`: photos in, looping videos out."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from windstill.cli import report
from windstill.cli.bar import Bar
from windstill.cli.option_flags import chosen_options, option_flags
from windstill.cli.targets import STREAM, Task, format_for, plan_tasks
from windstill.errors import OutputError, UnreadablePhoto, WindstillError

if TYPE_CHECKING:
    from windstill.animation import Animation
    from windstill.options import Options

UNEXPECTED = 1
NOTHING_MOVES = 6


@dataclass(frozen=True)
class Manner:
    """How photos are worked on, apart from the options."""

    force: bool
    strict: bool
    json: bool
    quiet: bool
    threads: int | None


class NothingMoves(WindstillError):
    """Nothing was found that could move, and the caller asked to be told."""

    code = "nothing_moves"
    exit_status = NOTHING_MOVES


@click.command(
    epilog="""\b
    Exit status: 0 done; 1 unexpected; 2 wrong usage or option; 3 not a usable photo;
    4 the result can't be written; 5 the engine failed; 6 nothing to move (with --strict);
    130 interrupted. With several photos it is the highest of theirs."""
)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="The file to write, or a folder; - is standard output. "
    "[default: PHOTO's name with -loop, beside it]",
)
@option_flags
@click.option("--threads", type=click.IntRange(1, 64), metavar="N", help="Processor threads.")
@click.option("-r", "--recursive", is_flag=True, help="Take photos in folders of folders too.")
@click.option("--force", is_flag=True, help="Replace results that exist.")
@click.option("--strict", is_flag=True, help="Write nothing and fail when nothing can move.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each photo.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def animate(
    photos: tuple[str, ...],
    output: str | None,
    threads: int | None,
    recursive: bool,
    force: bool,
    strict: bool,
    as_json: bool,
    quiet: bool,
    **flags: object,
) -> int:
    """Turn photos into seamlessly looping videos.

    PHOTO is a file, a folder (the photos in it), or - for standard input. Every other pixel than
    those of sky and hair stands still.

    \b
    Examples:
      windstill animate photo.jpg
      windstill animate photo.jpg -o loop.webm --operation 10 --strength calm
      windstill animate holiday/ -o loops/ --json
      cat photo.jpg | windstill animate - -o - > loop.mp4
    """
    flags["format"] = format_for(output, _text(flags["format"]))
    options = chosen_options(flags)
    from windstill.video.formats import container

    extension = container(options.format).extension
    tasks = plan_tasks(photos, output, extension, recursive=recursive)
    if output == STREAM and as_json:
        raise click.UsageError("--json and -o - both want standard output.")
    if output == STREAM and sys.stdout.isatty():
        raise click.UsageError("standard output is a terminal; a video would garble it.")
    manner = Manner(force, strict, as_json, quiet, threads)
    return max(_attempt(task, options, manner) for task in tasks)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _attempt(task: Task, options: Options, manner: Manner) -> int:
    """Animates one photo and reports; the exit status that this photo alone would give."""
    bar = Bar(str(task.photo), quiet=manner.quiet)
    try:
        animation = _animate(task, options, manner, bar)
    except WindstillError as error:
        bar.clear()
        _complain(task, error, manner)
        return error.exit_status
    except BrokenPipeError:
        raise
    except Exception as error:
        bar.clear()
        traceback.print_exc()
        click.echo(f"error: {task.photo}: unexpected {type(error).__name__}", err=True)
        return UNEXPECTED
    finally:
        bar.clear()
    _tell(task, animation, options, manner)
    return 0


def _animate(task: Task, options: Options, manner: Manner, bar: Bar) -> Animation:
    _check_free(task, manner)
    import windstill

    source = _standard_input() if task.reads_stream else task.photo

    def run(output: Path | None) -> Animation:
        found = windstill.animate(
            source, options, output=output, threads=manner.threads, progress=bar
        )
        if manner.strict and not found.moves:
            raise NothingMoves(f"nothing in it can move. {_reasons(found)}".strip())
        return found

    if task.writes_stream:
        animation = run(None)
        sys.stdout.buffer.write(animation.read())
        sys.stdout.buffer.flush()
        return animation
    if not manner.strict:
        return run(task.output)
    from windstill.video.part_file import part_file

    # Whether anything moves is known only when the file is there, so it may not be there yet.
    with part_file(task.output) as part:
        animation = run(part)
    return replace(animation, path=task.output)


def _check_free(task: Task, manner: Manner) -> None:
    """Makes sure that the result has a place, before any work is done for it."""
    if task.writes_stream:
        return
    # Those of os.path are false, rather than raise, where looking is not permitted.
    if not task.reads_stream and not os.path.exists(task.photo):
        raise UnreadablePhoto("there is no such file.")
    if os.path.exists(task.output):
        if not task.reads_stream and os.path.samefile(task.output, task.photo):
            raise OutputError(f"{task.output} is the photo itself.")
        if not manner.force:
            raise OutputError(f"{task.output} exists; --force replaces it.")
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


def _reasons(animation: Animation) -> str:
    return " ".join(notice.message for notice in animation.warnings)


def _complain(task: Task, error: WindstillError, manner: Manner) -> None:
    if manner.json:
        click.echo(report.error_as_json(str(task.photo), error))
    click.echo(f"error: {task.photo}: {error}", err=True)


def _tell(task: Task, animation: Animation, options: Options, manner: Manner) -> None:
    photo, output = str(task.photo), str(task.output)
    if manner.json:
        click.echo(report.as_json(photo, output, animation, options))
    if manner.quiet:
        return
    for notice in report.worth_telling(animation, options):
        click.echo(f"warning: {photo}: {notice.message}", err=True)
    if not manner.json:
        click.echo(report.sentence(photo, output, animation, options), err=task.writes_stream)
