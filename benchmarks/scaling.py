"""Time per frame against moving pixels, all pixels and length; a plot and a table in Markdown.

    python benchmarks/scaling.py [--out benchmarks/scaling.png]

Needs scikit-learn's picture of a temple, whose sky is given as a matte of known size.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from windstill import Options, read_photo, video
from windstill.bench.speed import scene
from windstill.perceive.mattes import Mattes
from windstill.pipeline import stage_of
from windstill.render import Stage, paint_all

RUNS = 3
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
SIZES = ((640, 360), (960, 540), (1280, 720), (1600, 900), (1920, 1080))
LENGTHS = (2.0, 4.0, 6.0, 8.0, 12.0)
PANEL = (460, 340)


@dataclass(frozen=True)
class Series:
    """One question: x in `unit`, the CPU milliseconds per frame, and the line through them."""

    title: str
    unit: str
    x: list[float]
    render: list[float]
    encode: list[float]

    @property
    def whole(self) -> NDArray[np.float64]:
        """Rendering and encoding together."""
        return np.add(self.render, self.encode)

    def line(self) -> tuple[float, float, float]:
        """Slope, intercept and R squared of the least-squares line."""
        slope, start = np.polyfit(self.x, self.whole, 1)
        away = self.whole - (slope * np.array(self.x) + start)
        spread = float(((self.whole - self.whole.mean()) ** 2).sum())
        return float(slope), float(start), 1 - float((away**2).sum()) / max(spread, 1e-12)

    def exponent(self) -> float:
        """Growth as a power of x; at most about 1 where nothing grows faster than its work."""
        return float(np.polyfit(np.log(self.x), np.log(self.whole), 1)[0])


def staged(size: tuple[int, int], share: float, seconds: float = 4.0) -> Stage:
    """A job whose sky is the upper `share` of the picture."""
    photo = read_photo(scene(size))
    matte = Mattes.empty(photo.rgb.shape[:2])
    sky = matte.sky.copy()
    sky[: round(share * size[1])] = 1
    options = Options.parse({"operation": "1", "seconds": seconds})
    return stage_of(photo, replace(matte, sky=sky), options)


def cost(stage: Stage) -> tuple[float, float]:
    """CPU milliseconds per frame of rendering, and of encoding, medians."""
    frames = [canvas.copy() for canvas in paint_all(stage)]
    count = len(frames)

    def render() -> None:
        for _ in paint_all(stage):
            pass

    def encode() -> None:
        video.encode(frames, frame_count=count, fps=24)

    pairs = [(_cpu(render), _cpu(encode)) for _ in range(RUNS)]
    render_s, encode_s = (statistics.median(each) for each in zip(*pairs, strict=True))
    return 1000 * render_s / count, 1000 * encode_s / count


def _cpu(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measured(title: str, unit: str, points: list[tuple[float, Stage]]) -> Series:
    """Costs at every point."""
    costs = [cost(stage) for _, stage in points]
    return Series(title, unit, [x for x, _ in points], *map(list, zip(*costs, strict=True)))


def plot(found: list[Series], target: Path) -> None:
    """Draws the panels side by side."""
    width, height = PANEL
    sheet = Image.new("RGB", (width * len(found), height), "white")
    for place, series in enumerate(found):
        sheet.paste(_panel(series), (place * width, 0))
    sheet.save(target)


def _panel(series: Series) -> Image.Image:
    width, height = PANEL
    picture = Image.new("RGB", PANEL, "white")
    pen = ImageDraw.Draw(picture)
    left, right, top, bottom = 50, width - 20, 40, height - 45
    most_x, most_y = max(series.x) * 1.05, max(series.whole) * 1.15

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * x / most_x, bottom - (bottom - top) * y / most_y

    pen.text((left, 10), series.title, fill="black", font_size=14)
    pen.line([at(0, most_y), at(0, 0), at(most_x, 0)], fill="black")
    for tick in np.linspace(0, most_y, 5)[1:-1]:
        x, y = at(0, tick)
        pen.text((6, y - 6), f"{tick:.1f}", fill="#555555", font_size=11)
        pen.line([(x, y), (right, y)], fill="#e4e4e4")
    slope, start, _ = series.line()
    pen.line([at(0, start), at(most_x, start + slope * most_x)], fill="#999999", width=2)
    for values, colour in ((series.whole, "#b5502f"), (series.render, "#2f6db5")):
        for x, y in zip(series.x, values, strict=True):
            px, py = at(x, y)
            pen.ellipse([px - 4, py - 4, px + 4, py + 4], fill=colour)
    for x in series.x:
        pen.text((at(x, 0)[0] - 10, bottom + 4), f"{x:g}", fill="#555555", font_size=11)
    pen.text((left, height - 22), series.unit, fill="black", font_size=12)
    pen.text((right - 210, 26), "blue: rendering, red: with encoding", fill="#555555", font_size=12)
    return picture


def table(found: list[Series]) -> str:
    """The figures in Markdown."""
    lines = [
        "| against | CPU ms per frame, with encoding | line | R2 | power |",
        "|---|---|---|---|---|",
    ]
    for series in found:
        slope, start, fit = series.line()
        pairs = zip(series.x, series.whole, strict=True)
        points = ", ".join(f"{x:g}: {y:.1f}" for x, y in pairs)
        lines.append(
            f"| {series.unit} | {points} | {start:.2f} + {slope:.3g} x | {fit:.3f} "
            f"| {series.exponent():.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures, prints the table, and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("scaling.png"))
    target = parser.parse_args().out
    millions = 1e-6
    wide = 1280 * 720 * millions
    found = [
        measured(
            "Moving pixels, picture 1280x720",
            "millions of moving pixels",
            [(round(share * wide, 3), staged((1280, 720), share)) for share in SHARES],
        ),
        measured(
            "All pixels, half of them sky",
            "millions of pixels",
            [(round(w * h * millions, 3), staged((w, h), 0.5)) for w, h in SIZES],
        ),
        measured(
            "Length, 960x540, half of it sky",
            "seconds",
            [(each, staged((960, 540), 0.5, each)) for each in LENGTHS],
        ),
    ]
    plot(found, target)
    print(table(found))


if __name__ == "__main__":
    main()
