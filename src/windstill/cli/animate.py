"""`windstill animate`: photos in, looping videos out."""

from __future__ import annotations

import os
import sys

import click

from windstill.cli.option_flags import chosen_options, option_flags
from windstill.cli.run import Run, Voice
from windstill.cli.streams import require_output
from windstill.cli.targets import STREAM, Task, format_for, means_several, plan_tasks
from windstill.cli.work import Manner


@click.command(
    epilog="""\b
    Exit status: 0 done; 1 unexpected; 2 wrong usage or option; 3 not a usable photo;
    4 the result can't be written; 5 the engine failed; 6 nothing to move (with --strict);
    130 interrupted. With several photos it is the highest of theirs."""
)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(),
    help="The file to write, or a folder; - is standard output. "
    "[default: PHOTO's name with -loop, beside it]",
)
@option_flags
@click.option(
    "--poster", type=click.Choice(["jpg", "png", "webp"]), help="Write the first frame beside it."
)
@click.option(
    "--sky-matte",
    metavar="FILE",
    type=click.Path(),
    help="A picture of any size, white where the sky is, instead of what is found.",
)
@click.option("--hair-matte", metavar="FILE", type=click.Path(), help="The same for the hair.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Photos worked on at a time. [default: what processors and memory allow]",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), metavar="N", help="Processor threads for each photo."
)
@click.option("-r", "--recursive", is_flag=True, help="Take photos in folders of folders too.")
@click.option(
    "--watch", is_flag=True, help="Go on with photos that come into the folders, until Ctrl-C."
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace results that exist; of several photos those are skipped otherwise.",
)
@click.option("--strict", is_flag=True, help="Write nothing and fail when nothing can move.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each photo.")
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(),
    help="Write what came of every photo as JSON.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def animate(
    photos: tuple[str, ...],
    output: str | None,
    poster: str | None,
    sky_matte: str | None,
    hair_matte: str | None,
    jobs: int | None,
    threads: int | None,
    recursive: bool,
    watch: bool,
    force: bool,
    strict: bool,
    as_json: bool,
    report_file: str | None,
    quiet: bool,
    **flags: object,
) -> int:
    """Turn photos into seamlessly looping videos.

    PHOTO is a file, a folder (the photos in it), or - for standard input. Every other pixel than
    those of sky and hair stands still. Of several photos, those that have a result already are
    skipped, and one that fails doesn't stop the others.

    \b
    Examples:
      windstill animate photo.jpg
      windstill animate photo.jpg -o loop.webm --operation 10 --strength calm --poster jpg
      windstill animate holiday/ -o loops/ --jobs 4 --report report.json
      windstill animate inbox/ -o loops/ --watch
      cat photo.jpg | windstill animate - -o - > loop.mp4
    """
    flags["format"] = format_for(output, _text(flags["format"]))
    options = chosen_options(flags)
    several = means_several(photos)
    _check_usage(photos, output, watch, several, as_json, bool(sky_matte or hair_matte))
    manner = Manner(force, strict, threads, sky_matte, hair_matte)

    def plan() -> list[Task]:
        from windstill.video.formats import container

        ending = container(options.format).ending
        return plan_tasks(photos, output, ending, recursive=recursive, poster=poster)

    voice = Voice(as_json, quiet, output == STREAM)
    run = Run(options, manner, jobs, voice, report_file, resumes=several and not force)
    return run.watch(plan) if watch else run.once(plan())


def _check_usage(
    photos: tuple[str, ...],
    output: str | None,
    watch: bool,
    several: bool,
    as_json: bool,
    mattes: bool,
) -> None:
    if output == STREAM and as_json:
        raise click.UsageError("--json and -o - both want standard output.")
    if output == STREAM:
        require_output()
    if output == STREAM and sys.stdout.isatty():
        raise click.UsageError("standard output is a terminal; a video would garble it.")
    if mattes and several:
        raise click.UsageError("--sky-matte and --hair-matte belong to one photo.")
    if watch and not all(os.path.isdir(photo) for photo in photos):
        raise click.UsageError("--watch watches folders; name folders only.")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
