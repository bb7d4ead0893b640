"""What a core achieves, what a thousand loops cost, and how long jobs wait for a worker.

    python benchmarks/capacity.py measure --pictures FOLDER... --out benchmarks/capacity.json
    python benchmarks/capacity.py report benchmarks/capacity.json --price 0.04

`measure` runs whole jobs through the embedded engine (SQLite, local files, a process for each
job), as many at a time as there are cores, and counts processor time, which other programs on
the machine hardly change. It takes the pictures of pictures.json that are in the folders or in
installed packages, and goes on where it was interrupted. `report` prints Markdown, and draws the
queueing delay against the load, for 1 to 1,000 workers of one core with these service times.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from queueing import Delay, load_within, several
from windstill.adapters.embedded import open_engine
from windstill.bench import picture_set
from windstill.jobs.cpus import usable_cpus
from windstill.jobs.engine import Engine, Submission
from windstill.jobs.model import Job, State
from windstill.jobs.stats import Recorder
from windstill.jobs.supervise import Ended
from windstill.jobs.task import payload
from windstill.options import Options

HERE = Path(__file__).parent
SIZES = ((512, 512), (1280, 720), (1999, 1999))
OPERATIONS = ("1", "10", "11")
JOBS = {(512, 512): 16, (1280, 720): 12, (1999, 1999): 6}
MIX = {"512x512": 1, "1280x720": 2, "1999x1999": 1}
"""How often each size comes, for the simulation; all operations come equally often."""

WORKERS = (1, 3, 10, 30, 100, 300, 1000)
LOADS = (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)
FINE_LOADS = tuple(float(load) for load in np.round(np.arange(0.02, 1, 0.02), 2))
COLOURS = ("#9a3412", "#c2742b", "#b59b2f", "#5a9a3d", "#2f8f8a", "#2f6db5", "#5b3fa0")
PANEL = (470, 400)
LEAST, MOST = 0.01, 100.0
"""Seconds at the ends of the plot's axis."""


@dataclass(frozen=True)
class Cell:
    """Jobs of one size and operation, with as many at a time as there are cores.

    wall: seconds for all. processes: CPU seconds of each job's process. engine: CPU seconds of
    the engine itself, for each job. moved: how many found what the operation moves.
    """

    size: str
    operation: str
    wall: float
    processes: list[float]
    engine: float
    moved: int

    @property
    def services(self) -> NDArray[np.float64]:
        """Core seconds of each job, everything included."""
        return np.array(self.processes) + self.engine

    @property
    def core_seconds(self) -> float:
        """Of one job, on average."""
        return float(self.services.mean())


class Listener(Recorder):
    """Remembers what each job's process took."""

    def __init__(self) -> None:
        super().__init__()
        self.cpu: dict[str, float] = {}

    def ran(self, job: Job, ended: Ended) -> None:
        """Called when a job's process has ended."""
        super().ran(job, ended)
        self.cpu[job.id] = ended.cpu_seconds


def main() -> None:
    """Measures, or reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    commands = parser.add_subparsers(required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("--pictures", type=Path, action="append", default=[])
    measuring.add_argument("--out", type=Path, default=HERE / "capacity.json")
    measuring.set_defaults(run=lambda given: measure(given.pictures, given.out))
    reporting = commands.add_parser("report")
    reporting.add_argument("measured", type=Path)
    reporting.add_argument("--price", type=float, default=0.04, help="of a core for an hour")
    reporting.add_argument("--plot", type=Path, default=HERE / "capacity.png")
    reporting.set_defaults(run=lambda given: report(given.measured, given.price, given.plot))
    given = parser.parse_args()
    given.run(given)


def measure(folders: Sequence[Path], out: Path) -> None:
    """Writes the cells as JSON."""
    pictures, _ = picture_set.locate(
        picture_set.load(HERE / "pictures.json"), [HERE.parent, *folders], limit=8
    )
    skies = [Image.open(path) for picture, path in pictures if picture.moves == "sky"]
    heads = [Image.open(path) for picture, path in pictures if picture.moves == "hair"]
    cells = _read(out) if out.exists() else []
    done = {(cell.size, cell.operation) for cell in cells}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"slots": usable_cpus(), "queue_size": 1000, "patience": 900.0}
        with open_engine(Path(folder), job_limit=None, **settings) as engine:
            for size, operation in itertools.product(SIZES, OPERATIONS):
                if (f"{size[0]}x{size[1]}", operation) not in done:
                    photos = list(
                        itertools.islice(_photos(operation, size, skies, heads), JOBS[size])
                    )
                    cells.append(_cell(engine, f"{size[0]}x{size[1]}", operation, photos))
                    out.write_text(json.dumps([asdict(cell) for cell in cells], indent=1) + "\n")


def _read(measured: Path) -> list[Cell]:
    return [Cell(**cell) for cell in json.loads(measured.read_text())]


def _cell(engine: Engine, size: str, operation: str, photos: Sequence[bytes]) -> Cell:
    listener = engine._runner.recorder = Listener()
    key, _ = engine.keys.create(f"{size} {operation}")
    told = payload(Options.parse({"operation": operation}))
    begin, own = time.perf_counter(), time.process_time()
    jobs = [engine.submit(Submission(key_id=key.id, photo=one, payload=told)) for one in photos]
    ended = [engine.wait(job.id, 600) for job in jobs]
    wall, own = time.perf_counter() - begin, time.process_time() - own
    if any(job.state is not State.SUCCEEDED for job in ended):
        raise SystemExit(f"a job failed: {[job.failure for job in ended if job.failure]}")
    cell = Cell(
        size,
        operation,
        round(wall, 3),
        [round(listener.cpu[job.id], 4) for job in ended],
        round(own / len(jobs), 4),
        sum(map(_moves, ended)),
    )
    cost = f"{cell.core_seconds:.2f} core seconds in {wall * usable_cpus() / len(jobs):.2f}"
    print(f"{size} {operation}: {cost}, {cell.moved} of {len(ended)} moved", flush=True)
    return cell


def _photos(
    operation: str,
    size: tuple[int, int],
    skies: Sequence[Image.Image],
    heads: Sequence[Image.Image],
) -> Iterator[bytes]:
    """JPEG files of the size, without end: skies, heads, or a head in front of each sky."""
    for sky, head in zip(itertools.cycle(skies), itertools.cycle(heads), strict=False):
        photo = ImageOps.fit((head if operation == "10" else sky).convert("RGB"), size)
        if operation == "11":
            side = size[1] * 3 // 4
            beside = ImageOps.fit(head.convert("RGB"), (side, side), centering=(0.5, 0.2))
            photo.paste(beside, (size[0] - side, size[1] - side))
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=90)
        yield buffer.getvalue()


def _moves(job: Job) -> bool:
    assert job.result is not None
    return bool(job.result.facts.get("moved"))


def report(measured: Path, price: float, plot_file: Path) -> None:
    """Prints the tables, and draws the delays."""
    cells = _read(measured)
    print(costs(cells, price), "\n")
    service = mixed(cells)
    spread = service.std() / service.mean()
    print(
        f"Mixed: {len(service)} service times, mean {service.mean():.2f} s, median "
        f"{np.median(service):.2f} s, longest {service.max():.2f} s, coefficient of variation "
        f"{spread:.2f}.\n"
    )
    delays = [[several(service, count, load) for load in LOADS] for count in WORKERS]
    print(delay_table(delays), "\n")
    print(room_table(service))
    draw(delays, plot_file)


def costs(cells: Sequence[Cell], price: float) -> str:
    """Core seconds, jobs per core-hour and price of a thousand, of each cell, in Markdown."""
    lines = [
        f"| size | operation | core seconds | jobs per core-hour | 1,000 loops at {price} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cell in cells:
        hourly = 3600 / cell.core_seconds
        lines.append(
            f"| {cell.size} | {cell.operation} | {cell.core_seconds:.2f} | {hourly:,.0f} "
            f"| {1000 * price / hourly:.3f} |"
        )
    return "\n".join(lines)


def mixed(cells: Sequence[Cell]) -> NDArray[np.float64]:
    """Service times of all cells, each size as often as `MIX` says."""
    chosen = []
    for size, weight in MIX.items():
        times = np.concatenate([cell.services for cell in cells if cell.size == size])
        # As many of each size, so that only the weights count.
        chosen.append(np.resize(times, 144 * weight))
    return np.concatenate(chosen)


def delay_table(delays: Sequence[Sequence[Delay]]) -> str:
    """The delays at some loads, in Markdown: median / p95 / p99 in seconds."""
    loads = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
    lines = [
        f"| workers | {' | '.join(f'{load:.0%}' for load in loads)} |",
        "| --- " * (len(loads) + 1) + "|",
    ]
    for row in delays:
        found = {delay.load: delay for delay in row}
        texts = [
            " / ".join(f"{value:.1f}" for value in (delay.median, delay.p95, delay.p99))
            for delay in (found[load] for load in loads)
        ]
        lines.append(f"| {row[0].workers:,} | {' | '.join(texts)} |")
    return "\n".join(lines)


def room_table(service: NDArray[np.float64]) -> str:
    """The load that workers stand, and what they do an hour then, in Markdown."""
    lines = [
        "| workers | load, p95 within 1 s | jobs an hour | load, p95 within 5 s | jobs an hour |",
        "| --- | --- | --- | --- | --- |",
    ]
    for count in WORKERS:
        texts = []
        for seconds in (1.0, 5.0):
            load = load_within(service, count, seconds, FINE_LOADS)
            texts += [f"{load:.0%}", f"{load * count * 3600 / service.mean():,.0f}"]
        lines.append(f"| {count:,} | {' | '.join(texts)} |")
    return "\n".join(lines)


def draw(delays: Sequence[Sequence[Delay]], target: Path) -> None:
    """Median, p95 and p99 of the delay against the load, one line for each number of workers."""
    panels = (("median", "median"), ("p95", "95th percentile"), ("p99", "99th percentile"))
    sheet = Image.new("RGB", (PANEL[0] * len(panels), PANEL[1]), "white")
    for place, (name, title) in enumerate(panels):
        sheet.paste(_panel(delays, name, title), (PANEL[0] * place, 0))
    sheet.save(target, optimize=True)


def _panel(delays: Sequence[Sequence[Delay]], name: str, title: str) -> Image.Image:
    width, height = PANEL
    picture = Image.new("RGB", PANEL, "white")
    pen = ImageDraw.Draw(picture)
    left, right, top, bottom = 56, width - 24, 40, height - 50

    def at(load: float, seconds: float) -> tuple[float, float]:
        share = np.log(max(seconds, LEAST) / LEAST) / np.log(MOST / LEAST)
        return left + (right - left) * (load - 0.3) / 0.7, bottom - (bottom - top) * min(share, 1)

    pen.text((left, 10), f"Wait for a worker, {title}", fill="black", font_size=15)
    for seconds in (0.01, 0.1, 1, 10, 100):
        x, y = at(0.3, seconds)
        pen.line([(x, y), (right, y)], fill="#e0e0e0")
        pen.text((10, y - 7), f"{seconds:g} s", fill="#555555", font_size=12)
    for load in (0.3, 0.5, 0.7, 0.9, 1.0):
        x, y = at(load, LEAST)
        pen.line([(x, y), (x, top)], fill="#efefef")
        pen.text((x - 12, y + 6), f"{load:.0%}", fill="#555555", font_size=12)
    pen.text((left, height - 24), "share of the workers that is busy", fill="black", font_size=13)
    for place, (row, colour) in enumerate(zip(delays, COLOURS, strict=False)):
        points = [at(delay.load, getattr(delay, name)) for delay in row]
        pen.line(points, fill=colour, width=2, joint="curve")
        if name == "median":  # the others have lines there
            label = f"{row[0].workers:,} worker{'s' * (row[0].workers > 1)}"
            pen.text((left + 10, top + 6 + 18 * place), label, fill=colour, font_size=13)
    return picture


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """The module's docstring as it is, and the defaults of the options."""


if __name__ == "__main__":
    main()
