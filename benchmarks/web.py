"""How loops for web pages agree with films, how large they are, and what they cost.

    python -m benchmarks.web PHOTO... > rows.md

For each photo, scaled to 1,024 pixels: bytes of its motion and how less exactly it is stored; the
lowest and the mean of eight moments' PSNR in Chromium against the frames that are rendered, where
any frame differs from another by 3 levels or more. And scaled to 1,280 pixels: CPU seconds of
`windstill.animate(format="html")` on one thread, the median of three, beside those of MP4.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.player.browser import browser, frame, served, settled
from tests.preview.agreement import psnr

import windstill
from windstill import Options
from windstill.photo import read_photo

U8 = NDArray[np.uint8]
MOMENTS = 8


def main(photos: list[str]) -> None:
    """Prints a table of what was measured."""
    print("| photo | moves | motion, kB | photo, kB | PSNR, least | mean | CPU s | of an MP4 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with browser() as chromium:
        page = chromium.new_page()
        for path in photos:
            whole = read_photo(path).rgb
            cost = [_seconds(_jpeg(_scaled(whole, 1280)), kind) for kind in ("html", "mp4")]
            print(f"| {Path(path).stem} | {_agreement(page, _scaled(whole, 1024))} | "
                  f"{cost[0]:.2f} | {cost[1]:.2f} |", flush=True)  # fmt: skip


def _agreement(page: Any, photo: U8) -> str:
    mattes = windstill.mattes(photo)
    film = [each.copy() for each in windstill.frames(photo, mattes=mattes)]
    moving = (np.max(film, axis=0).astype(int) - np.min(film, axis=0)).max(axis=2) >= 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = windstill.animate(
            photo, Options(format="web"), mattes=mattes, output=folder / "a.zip"
        )
        if not made.moves:
            return "nothing | - | - | - | -"
        with zipfile.ZipFile(folder / "a.zip") as archive:
            archive.extractall(folder)
        sizes = [(folder / f"photo.{kind}").stat().st_size / 1000 for kind in ("loop", "jpg")]
        with served(folder, {}) as address:
            page.goto(address + "index.html")
            loop = page.query_selector("windstill-loop")
            if settled(loop) != "load":
                return f"not played | {sizes[0]:.0f} | {sizes[1]:.0f} | - | -"
            found = [
                psnr(frame(loop, index / len(film)), film[index], moving)
                for index in range(0, len(film), len(film) // MOMENTS)
            ]
    moves = ", ".join(each.element for each in made.moved if each.motion != "none")
    return (
        f"{moves} | {sizes[0]:.0f} | {sizes[1]:.0f} | {min(found):.1f} | "
        f"{statistics.mean(found):.1f}"
    )


def _seconds(jpeg: bytes, format: str) -> float:
    spent = []
    for _ in range(3):
        begin = time.process_time()
        windstill.animate(jpeg, Options.parse({"format": format, "max_side": 1280}), threads=1)
        spent.append(time.process_time() - begin)
    return statistics.median(spent)


def _scaled(rgb: U8, side: int) -> U8:
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    size = (round(width * scale), round(height * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=kind), np.uint8)


def _jpeg(rgb: U8) -> bytes:
    with tempfile.TemporaryFile() as file:
        Image.fromarray(rgb).save(file, "JPEG", quality=95)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    main(sys.argv[1:])
