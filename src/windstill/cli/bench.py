"""`windstill bench`: what jobs cost on this machine, and how good their loops are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from windstill.bench.speed import Cost


@click.group()
def bench() -> None:
    """Measure this installation.

    Example: windstill bench speed
    """


@bench.command()
@click.option("--size", "sizes", multiple=True, help="WIDTHxHEIGHT; default: 1280x720, 1920x1280.")
@click.option("--operation", "operations", multiple=True, help="Default: 1, 10 and 11.")
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(2, 12))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per job.")
def speed(
    sizes: tuple[str, ...],
    operations: tuple[str, ...],
    runs: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Time whole jobs, stage by stage, beside the encoder alone, and beside a fixed yardstick.

    Needs scikit-learn and scikit-image, whose pictures it animates.

    Example: windstill bench speed --size 1280x720 --operation 11 --json
    """
    from windstill.bench import speed as measure

    for size in sizes or ("1280x720", "1920x1280"):
        if size not in measure.SIZES:
            raise click.BadParameter(f"{size}; allowed: {', '.join(measure.SIZES)}")
        for operation in operations or measure.OPERATIONS:
            cost = measure.cost(size, operation, runs, seconds)
            click.echo(json.dumps(asdict(cost)) if as_json else _line(cost))


@bench.command()
@click.option(
    "--set",
    "source",
    default="benchmarks/pictures.json",
    show_default=True,
    type=click.Path(exists=True, path_type=Path),
    help="A manifest, or a folder with sky/ and hair/ in it.",
)
@click.option(
    "--pictures",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the manifest's pictures lie (unpacked packages, data); also / and ../shared/data.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A page to write.")
@click.option("--limit", type=click.IntRange(1), help="Only so many skies, and so many heads.")
@click.option("--baselines", default=4, show_default=True, type=click.IntRange(0))
@click.option("--again", is_flag=True, help="Forget what an interrupted run already measured.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per picture.")
def quality(
    source: Path,
    roots: tuple[Path, ...],
    out: Path | None,
    limit: int | None,
    baselines: int,
    again: bool,
    as_json: bool,
) -> None:
    """Measure seam, detail, motion, stillness and edges of loops of a fixed set of photos.

    The first pictures of each kind (--baselines) are also animated by published methods. An
    interrupted run goes on where it stopped: its figures are kept beside the page, with the
    contact sheet.

    Example: windstill bench quality --out benchmarks/quality.md
    """
    from windstill.bench import picture_set, quality_report, quality_run

    page = out or Path("benchmarks/quality.md")
    kept = page.parent / "quality-run"
    kept.mkdir(parents=True, exist_ok=True)
    journal = kept / "figures.jsonl"
    if again:
        journal.unlink(missing_ok=True)
    places = [*roots, source if source.is_dir() else Path("../shared/data"), Path("/")]
    found, absent = picture_set.locate(picture_set.load(source), places, limit)
    for picture in absent:
        click.echo(f"not here: {picture.source} {picture.path}", err=True)
    rows = []
    for row in quality_run.run(found, journal, baselines_on=baselines, cells=kept):
        rows.append(row)
        if as_json:
            click.echo(json.dumps(row))
        else:
            click.echo(f"{row['picture']}, {row['method']}: done")
    if out is not None:
        out.write_text(quality_report.markdown(rows))
    quality_run.sheet([picture for picture, _ in found], kept, kept / "sheet.jpg")
    if as_json:
        click.echo(json.dumps({"summary": quality_report.summary(rows)}))
    else:
        click.echo(quality_report.markdown(rows))


def _line(cost: Cost) -> str:
    stages = ", ".join(f"{name} {spent:.2f}" for name, spent in cost.stages.items())
    return (
        f"{cost.size} {cost.operation:>2}: {cost.wall:.2f} s ({stages}), {cost.cpu:.2f} CPU s, "
        f"encoder alone {cost.encoder:.2f} s, ratio {cost.ratio:.2f}, "
        f"to the yardstick {cost.yardstick_ratio:.2f} (CPU {cost.yardstick_cpu_ratio:.2f}), "
        f"{cost.size_kb:.0f} of {cost.yardstick_size_kb:.0f} KB, peak {cost.peak_mb:.0f} MB"
    )
