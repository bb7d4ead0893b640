"""The gallery: loops made by Windstill itself from pictures that installed packages carry."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

import windstill
from windstill.cli.mattes import overlay


_MAKING = ("elements", "imaging", "perceive", "photo", "video")
"""Folders of the package on which the loops depend, beside the modules of its root."""


class Entry(NamedTuple):
    """One picture of the gallery. said: what to see in it, its failures too."""

    name: str
    title: str
    source: str
    load: Callable[[], Any]
    said: str


ENTRIES = (
    Entry(
        "temple",
        "A temple under a pale sky",
        "Guillaume Payen, CC BY 2.0; china.jpg of scikit-learn",
        lambda: load_sample_image("china.jpg"),
        "**Fails on the right:** the hazy lake was taken for sky, since its horizon can't be seen, "
        "and drifts along. The part of the lake on the left was told apart. "
        "A [matte of your own](how-to/mattes.md) mends it.",
    ),
    Entry(
        "portrait",
        "A portrait with short hair",
        "NASA, public domain; astronaut.png of scikit-image",
        data.astronaut,
        "The hair moves by some two pixels: it is short, and so hardly livelier at its tips than "
        "at the scalp. The face stands still, and the grey backdrop was not taken for sky.",
    ),
    Entry(
        "rocket",
        "A rocket at dusk",
        "SpaceX, CC0; rocket.jpg of scikit-image",
        data.rocket,
        "**Fails in two ways:** the upper parts of some towers were taken for sky and move with "
        "it, while between the struts of the left one, and in the dark clouds near the ground, "
        "the sky was missed and stands still.",
    ),
    Entry(
        "cat",
        "A cat",
        "Stefan van der Walt, CC0; chelsea.png of scikit-image",
        data.chelsea,
        "Nothing moves, as it should be: this fur was not taken for hair. The result is a loop "
        "that stands still, with a warning. Longer fur is taken for hair at times.",
    ),
)


def pictures(root: Path) -> dict[str, Path]:
    """Every file of the gallery by its place in the site; made where the cache has none.

    root: the repository.
    """
    found = {"gallery/mountains.webp": root / "examples" / "picos-de-europa.webp"}
    lesson = root / "docs" / "explanation" / "adding-an-element.md"
    cache = root / "build" / "gallery" / _state(lesson)
    cache.mkdir(parents=True, exist_ok=True)
    for entry in ENTRIES:
        film, tinted = cache / f"{entry.name}.mp4", cache / f"{entry.name}.jpg"
        if not (film.exists() and tinted.exists()):
            _make(entry, film, tinted)
        found |= {f"gallery/{path.name}": path for path in (film, tinted)}
    lake = cache / "lake.mp4"
    if not lake.exists():
        _follow(lesson, cache)
    return {**found, "gallery/lake.mp4": lake}


def page() -> str:
    """The gallery's page."""
    parts = [
        "# Gallery\n",
        "Each loop but the first was made when this site was built, with the default options, from "
        "a picture that an installed package carries; none was chosen for looking good. Beside "
        "each is what was found: sky in orange, hair in pink.\n",
        "## Mountains\n\n![A mountain path under drifting clouds](gallery/mountains.webp)\n",
        "Clouds with hard edges evaporate and form anew, twice a loop; who watches for it sees it. "
        '("Picos de Europa", Aitzol Berasategi, CC BY 4.0, scaled down and animated)\n',
    ]
    parts += [
        f"## {entry.title}\n\n"
        f'<video src="gallery/{entry.name}.mp4" autoplay loop muted playsinline controls '
        f'aria-label="{entry.title}"></video>\n'
        f'<img src="gallery/{entry.name}.jpg" alt="What was found in it">\n\n'
        f"{entry.said} ({entry.source})\n"
        for entry in ENTRIES
    ]
    return "\n".join([*parts, "More of what goes wrong: [limits](explanation/limits.md).\n"])


def _make(entry: Entry, film: Path, tinted: Path) -> None:
    photo = entry.load()
    mattes = windstill.mattes(photo)
    windstill.animate(photo, output=film, mattes=mattes)
    Image.fromarray(overlay(photo, mattes)).save(tinted, quality=85)


def _follow(lesson: Path, folder: Path) -> None:
    """Runs the programs of a page, which write their films into `folder`."""
    blocks = re.findall(r"^```python\n(.*?)^```", lesson.read_text(), re.M | re.S)
    command = (sys.executable, "-c", "\n".join(blocks))
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _state(*others: Path) -> str:
    """A name for what makes the loops: another one whenever it has changed."""
    digest = hashlib.sha256()
    package = Path(windstill.__file__).parent
    for path in [*others, *sorted(package.rglob("*"))]:
        part = path.relative_to(package).parts[0] if path.is_relative_to(package) else "page"
        if path.suffix in (".py", ".onnx", ".md") and part in (*_MAKING, path.name, "page"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
