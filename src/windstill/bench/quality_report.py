"""The table of a quality run, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from windstill.bench.quality import METHODS, Row


@dataclass(frozen=True)
class Column:
    """One figure: its name, digits shown, whether more is better, and the goal for each kind."""

    name: str
    digits: int
    more: bool
    sky: float | None = None
    hair: float | None = None

    def worst(self, values: Sequence[float]) -> float:
        """The least good of `values`."""
        return min(values) if self.more else max(values)

    def goal(self, moves: str) -> float | None:
        """What is to be reached, if anything."""
        return self.sky if moves == "sky" else self.hair


COLUMNS = (
    Column("seam_dec", 2, False, 1.2, 1.2),
    Column("sharp_mean_dec", 2, True, 0.94, 0.94),
    Column("sharp_min_dec", 2, True, 0.90, 0.90),
    Column("pulse_dec", 3, False, 0.08, 0.08),
    Column("fidelity_dec", 2, True, 0.95, 0.95),
    Column("flow_dec", 4, True, 0.01, 0.006),
    Column("leak_dec", 5, False, 0.002, 0.002),
    Column("static_db_dec", 1, True, 40, 40),
    Column("smooth_db_dec", 1, True, 45, 45),
    Column("shimmer_dec", 2, False, 0.5, 0.5),
    Column("halo_dec", 1, False, 4, 4),
    Column("folds", 4, False, 0, 0),
    Column("seam", 2, False),
    Column("pulse", 3, False),
    Column("fidelity", 2, True),
    Column("halo", 1, False),
    Column("held", 3, False),
    Column("static_max", 0, False),
    Column("cpu_ms", 1, False),
)
SKIES = (
    Column("travel", 2, True, sky=1.0),
    Column("steady", 2, True, sky=0.9),
    Column("unexplained", 4, False, sky=0.004),
)
SKIES_LEGEND = """\
Of decoded frames, shrunk to 640 pixels. travel: median way that pieces of cloud go in two seconds,
% of the longer side. steady: how much of the path that the optical flow measures leads one way; 1
drifts, 0 rocks. unexplained: share of blocks, at twelve moments, that are unlike every nearby piece
of the photo by more than 8 levels: what is torn, doubled, vanished or mirrored is, and so is a
hard-edged cloud that erodes or grows, so the goal is for soft skies.
"""
HEADS = (
    Column("ghost", 2, False, hair=1.3),
    Column("correlation", 2, False, hair=0.8),
    Column("vertical", 2, True, hair=0.2),
    Column("windy", 2, True, hair=1.6),
    Column("calm", 2, False, hair=0.65),
    Column("broken", 2, False),
)
HEADS_LEGEND = """\
Of the largest head in each picture. ghost: second derivative of the plate across the outline that
the hair has at rest, against that farther out; 1 shows nothing. correlation: of the motions of
places a quarter to half a head apart. vertical: the narrower side of the box that a place moves in,
against the wider. windy, calm: travel (90th percentile) in such a wind, against that in a normal
one. broken: what the plate differs from the truth by at the edges of bars drawn behind the hair,
as a share of their contrast.
"""
MORE = {"sky": ("Clouds", SKIES_LEGEND, SKIES), "hair": ("Heads", HEADS_LEGEND, HEADS)}
"""Further figures of each kind: title, legend, columns."""
LEGEND = """\
Made by `windstill bench quality`. Photos at most 720 pixels long, loops of 4 seconds at 24 frames
a second. `_dec`: frames decoded from the MP4, the others as they were handed to the encoder.
seam: step from the last frame to the first against the median step (skies) or the largest (hair).
sharp: variance of the Laplacian against the photo's (one level squared, which nobody sees, added
to both), mean and least over the loop; pulse: its swing. fidelity: motion measured along the
motion meant, as a share of what is measured when all that is to move is moved exactly so (and what
is to stay in a sky, gradients, glow and grain, stays), where there is texture to see it by and
nothing that stands still within 24 pixels: no skyline, sun, cable or bird. held: share of the sky,
away from its edge, that was taken for such.
flow, leak: mean optical flow inside (hair: the half that is meant to move most) and outside, % of
the diagonal per frame. static_db, smooth_db: to the photo where nothing moves, and where that is
smooth. shimmer: 99th percentile of the standard deviation over time there, levels. halo: luma
near the matte's edge beyond what the photo there, what moves and what is behind it can show,
levels (99.9th percentile). folds: share of the matte where the motion turns the picture over.
static_max: largest change of a raw pixel out of reach, levels. cpu_ms: CPU milliseconds per
frame, without encoding (Windstill: set-up included). The baselines are NumPy and OpenCV programs
given Windstill's own motion and mattes: eulerian throws colours along the velocity from both ends
of the loop (Holynski et al. 2021, without the network that decodes its features); flow_map fades
two bilinear copies (Vlachos 2010); displace moves by whole pixels, as FFmpeg's filter does; sine
swings the whole matte. **Bold**: misses the goal.
"""


def markdown(rows: Iterable[Row]) -> str:
    """The whole page: for each kind a summary by method, and every picture."""
    rows = list(rows)
    parts = ["# Quality of loops\n", LEGEND]
    for moves, methods in METHODS.items():
        own = [row for row in rows if row["moves"] == moves]
        if not own:
            continue
        parts.append(f"## {'Skies' if moves == 'sky' else 'Hair'}\n")
        parts.append(_summary(own, moves, methods))
        shown = [row for row in own if row["method"] == "windstill"]
        parts.append(_each(shown, moves))
        title, legend, columns = MORE[moves]
        parts += [f"## {title}\n", legend, _each(shown, moves, columns)]
    return "\n".join(parts)


def summary(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """For each "KIND METHOD", each figure's mean, worst case, and number of pictures."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(f"{row['moves']} {row['method']}", []).append(row)
    return {
        name: {column.name: _mean_and_worst(group, column) for column in COLUMNS}
        for name, group in groups.items()
    }


def _mean_and_worst(rows: list[Row], column: Column) -> dict[str, float]:
    values = _values(rows, column)
    if not values:
        return {"pictures": 0}
    mean = sum(values) / len(values)
    return {"mean": mean, "worst": column.worst(values), "pictures": len(values)}


def _summary(rows: list[Row], moves: str, methods: Sequence[str]) -> str:
    shared = {row["picture"] for row in rows if row["method"] != "windstill"}
    lines = [_heading("method, mean (worst)")]
    goals = [column.goal(moves) for column in COLUMNS]
    lines.append("| goal | " + " | ".join("" if g is None else f"{g:g}" for g in goals) + " |")
    for method in methods:
        own = [row for row in rows if row["method"] == method]
        if own:
            lines.append(_totals(f"{method}, {len(own)} pictures", own))
    if shared:
        own = [r for r in rows if r["method"] == "windstill" and r["picture"] in shared]
        lines.append(_totals(f"windstill, the same {len(own)} as the baselines", own))
    return "\n".join(lines) + "\n"


def _totals(label: str, rows: list[Row]) -> str:
    cells = []
    for column in COLUMNS:
        values = _values(rows, column)
        if not values:
            cells.append("-")
            continue
        mean, worst = sum(values) / len(values), column.worst(values)
        cells.append(f"{mean:.{column.digits}f} ({worst:.{column.digits}f})")
    return f"| {label} | " + " | ".join(cells) + " |"


def _each(rows: list[Row], moves: str, columns: Sequence[Column] = COLUMNS) -> str:
    lines = [_heading("picture", columns)]
    for row in rows:
        cells = [_cell(row.get(column.name), column, column.goal(moves)) for column in columns]
        label = row["picture"] + (f" ({row['motion']})" if row["motion"] != "drift" else "")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float | None, column: Column, goal: float | None) -> str:
    if value is None:
        return "-"
    missed = goal is not None and (value < goal if column.more else value > goal)
    shown = f"{value:.{column.digits}f}"
    return f"**{shown}**" if missed else shown


def _heading(first: str, columns: Sequence[Column] = COLUMNS) -> str:
    names = " | ".join(column.name for column in columns)
    return f"| {first} | {names} |\n|" + "---|" * (len(columns) + 1)


def _values(rows: list[Row], column: Column) -> list[float]:
    return [row[column.name] for row in rows if row[column.name] is not None]
