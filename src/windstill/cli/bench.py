"""`windstill bench`: what jobs cost on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
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
    """Time whole jobs, stage by stage, beside the encoder alone.

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


def _line(cost: Cost) -> str:
    stages = ", ".join(f"{name} {spent:.2f}" for name, spent in cost.stages.items())
    return (
        f"{cost.size} {cost.operation:>2}: {cost.wall:.2f} s ({stages}), {cost.cpu:.2f} CPU s, "
        f"encoder alone {cost.encoder:.2f} s, ratio {cost.ratio:.2f}, peak {cost.peak_mb:.0f} MB"
    )
