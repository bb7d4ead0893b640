"""Quality of loops of real photos, on raw and on decoded frames; prints a table in Markdown.

    python benchmarks/quality.py FOLDER

FOLDER holds the pictures named below; those that are not there are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from windstill import Options, read_photo
from windstill.bench import metrics
from windstill.bench.clip import Clip, render
from windstill.perceive import perceive

SIDE = 720
PICTURES = {
    "1": [
        "unlabelled/budgie_cc0/roman-colosseum.jpg",
        "unlabelled/budgie_cc0/lake-sherburne.jpg",
        "unlabelled/budgie_cc0/beacon-street-sunset.jpg",
        "unlabelled/budgie_cc0/singaporean-cityscape.jpg",
        "eval/sky/dpst/in46.webp",
        "eval/sky/dpst/in53.webp",
        "eval/sky/dpst/in31.webp",
        "eval/sky/dpst/tar59.webp",
        "eval/sky/dpst/tar08.webp",
    ],
    "10": [
        "eval/hair/figaro/Frame00010.webp",
        "eval/hair/figaro/Frame00018.webp",
        "eval/hair/figaro/Frame00172.webp",
        "eval/hair/figaro/Frame00333.webp",
        "eval/hair/figaro/Frame00281.webp",
        "eval/hair/figaro/Frame00442.webp",
        "eval/hair/figaro/Frame00216.webp",
        "unlabelled/interfaces_cc0/049.jpg",
        "unlabelled/interfaces_cc0/005.jpg",
    ],
}
HEAD = (
    "| picture | moves | still max | seam | seam dec. | flow | leak | detail mean | min | pulse "
    "| dec. mean | dec. min | static dB |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(name: str, loop: Clip, operation: str) -> str:
    """One line of the table; the seam of hair is told against the largest step."""
    matte = loop.mattes.sky if operation == "1" else loop.mattes.hair
    core, free = metrics.core(matte, 6), metrics.core(matte, 2)
    if operation == "10":
        rows = np.flatnonzero(free.any(axis=1))
        if rows.size:  # the lower half of the hair stands for its free part
            free[: (rows[0] + rows[-1]) // 2] = False
    outside = metrics.outside(matte, max(loop.reach, 12))
    decoded = loop.decoded()
    seams = [metrics.seam(frames, metrics.core(matte, 0)) for frames in (loop.raw, decoded)]
    shown = [s.to_median if operation == "1" else s.to_largest for s in seams]
    detail, seen = (metrics.sharpness(frames, loop.still.y, core) for frames in (loop.raw, decoded))
    motion = ", ".join(movement.motion for movement in loop.stage.movements)
    still = metrics.outside(matte, loop.reach)
    return (
        f"| {Path(name).stem} | {motion} | {metrics.largest_change(loop.raw, loop.still.y, still)} "
        f"| {shown[0]:.2f} | {shown[1]:.2f} | {metrics.flow(loop.raw, free):.4f} "
        f"| {metrics.flow(loop.raw, outside):.5f} | {detail.mean():.2f} | {detail.min():.2f} "
        f"| {metrics.pulse(detail):.2f} | {seen.mean():.2f} | {seen.min():.2f} "
        f"| {metrics.psnr(decoded, loop.still.y, outside):.1f} |"
    )


def main() -> None:
    """Prints the table of skies, then that of heads."""
    folder = Path(sys.argv[1])
    for operation, names in PICTURES.items():
        print(f"\n## {'Skies' if operation == '1' else 'Hair'}\n\n{HEAD}")
        for name in names:
            if (folder / name).exists():
                photo = read_photo(folder / name).fit(SIDE)
                loop = render(photo, perceive(photo.rgb), Options.parse({"operation": operation}))
                print(row(name, loop, operation), flush=True)


if __name__ == "__main__":
    main()
