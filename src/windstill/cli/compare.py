"""`windstill compare`: a page that plays clips beside each other, to choose the better one."""

from __future__ import annotations

from pathlib import Path

import click

from windstill.errors import InvalidOption, OutputError

_TYPES = {".mp4": "video/mp4", ".webm": "video/webm", ".gif": "image/gif", ".webp": "image/webp"}
_MOST = 12


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", default="compare.html", show_default=True, metavar="PAGE")
@click.option("--blind", is_flag=True, help="Hide which clip is which until a vote is given.")
@click.option("--seed", default=0, show_default=True, help="Order of the clips when blind.")
@click.option("--force", is_flag=True, help="Replace a page that exists.")
def compare(clips: tuple[Path, ...], output: str, blind: bool, seed: int, force: bool) -> None:
    """Make a page that plays CLIPS in step, side by side.

    The page holds the clips itself and needs no server: zoom and pan all clips at once, step
    frame by frame, look at the difference of two, vote, and save the votes as JSON.

    Example: windstill compare calm.mp4 windy.mp4 --blind -o page.html
    """
    from windstill.bench.compare_page import Clip, page
    from windstill.video.part_file import output_error, part_file

    if not 2 <= len(clips) <= _MOST:
        raise InvalidOption(f"clips: {len(clips)} given; allowed: 2 to {_MOST}", field="clips")
    held = []
    for path in clips:
        kind = _TYPES.get(path.suffix.lower())
        if kind is None:
            raise InvalidOption(f"clips: {path} is none of {', '.join(_TYPES)}", field="clips")
        try:
            held.append(Clip(str(path), kind, path.read_bytes()))
        except OSError as error:
            raise InvalidOption(
                f"clips: {path} can't be read: {error.strerror}", field="clips"
            ) from error
    target = Path(output)
    if target.exists() and not force:
        raise OutputError(f"{target} exists; --force replaces it.")
    with part_file(target) as part:
        try:
            part.write_text(page(held, blind=blind, seed=seed))
        except OSError as error:
            raise output_error(target, error) from error
    click.echo(f"{len(held)} clips -> {target}")
