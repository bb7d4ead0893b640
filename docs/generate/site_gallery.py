"""The gallery: loops made by Windstill itself from pictures that installed packages carry."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

import windstill
from windstill.cli.mattes import overlay

_MOUNTAINS = Path("examples", "picos-de-europa.webp")
_MAKING = ("elements", "imaging", "perceive", "photo", "video", "web")
"""Folders of the package on which the loops depend, beside the modules of its root."""


class Entry(NamedTuple):
    """One picture of the gallery. verdict: what became of it; said: where to look."""

    name: str
    title: str
    source: str
    load: Callable[[], Any]
    verdict: str
    said: str


ENTRIES = (
    Entry(
        "portrait",
        "A portrait with short hair",
        "NASA, public domain; astronaut.png of scikit-image",
        data.astronaut,
        "well",
        "The hair moves by some two pixels: it is short, and hardly livelier at its tips than at "
        "the scalp. The face stands still, and the grey backdrop was not taken for sky.",
    ),
    Entry(
        "temple",
        "A temple by a lake",
        "Guillaume Payen, CC BY 2.0; china.jpg of scikit-learn",
        lambda: load_sample_image("china.jpg"),
        "fails in part",
        "The thin clouds drift, and the temple and the trees keep their edges. But the lake on the "
        "right was taken for sky, since haze hides its shore: it drifts along, boats, island and "
        "all. The part of the lake on the left was told apart. "
        "A [matte of your own](how-to/mattes.md) mends it.",
    ),
    Entry(
        "camera",
        "A man with a camera",
        "Lav Varshney, CC0; camera.png of scikit-image",
        lambda: np.dstack([data.camera()] * 3),
        "fails",
        "The white tower on the right was taken for sky and wobbles; so was the dome beside it. "
        "The back of the camera, and a part of the collar, were taken for hair, since they touch "
        "it and are as dark. Without colour both are harder to tell.",
    ),
    Entry(
        "rocket",
        "A rocket at dusk",
        "SpaceX, CC0; rocket.jpg of scikit-image",
        data.rocket,
        "fails",
        "The thin masts left and right of the rocket, and the tower at the right edge, were taken "
        "for sky: look at the tips, which fade and double. Between the struts of the left tower, "
        "and in the dark clouds near the ground, the sky was missed and stands still.",
    ),
    Entry(
        "cat",
        "A cat",
        "Stefan van der Walt, CC0; chelsea.png of scikit-image",
        data.chelsea,
        "well",
        "Nothing moves, as it should be: this fur was not taken for hair. The result is a loop "
        "that stands still, with a warning. Longer fur is taken for hair at times.",
    ),
)


class Front(NamedTuple):
    """A loop on the gallery's front. alt: what is to be seen on the picture."""

    name: str
    alt: str
    source: str
    load: Callable[[Path], Any]


FRONT = (
    Front(
        "mountains",
        "A path up a green mountain, clouds over its ridge",
        '"Picos de Europa", Aitzol Berasategi, CC BY 4.0, scaled down',
        lambda root: np.asarray(Image.open(root / _MOUNTAINS).convert("RGB")),
    ),
    Front(
        "lake",
        "A Chinese temple by a lake under a pale sky",
        "Guillaume Payen, CC BY 2.0; china.jpg of scikit-learn",
        lambda root: load_sample_image("china.jpg"),
    ),
    Front(
        "portrait",
        "An astronaut with short hair before a flag and a model of the shuttle",
        "NASA, public domain; astronaut.png of scikit-image",
        lambda root: data.astronaut(),
    ),
)
_ELEMENT = "windstill-loop.js"
_PLAIN = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Three loops, painted by the browser</title>
{loops}
<script src="{script}" async></script>
</html>
"""


def pictures(root: Path) -> dict[str, Path]:
    """Every file of the gallery by its place in the site; made where the cache has none.

    root: the repository.
    """
    found = {"gallery/mountains.webp": root / _MOUNTAINS}
    lesson = root / "docs" / "explanation" / "adding-an-element.md"
    cache = root / "build" / "gallery" / _state(lesson)
    cache.mkdir(parents=True, exist_ok=True)
    found |= _front_files(root, cache)
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
        f'<div class="three">\n{_front("gallery/")}\n</div>\n'
        f'<script src="gallery/{_ELEMENT}" async></script>\n',
        "No videos: your browser paints these three [itself](how-to/web.md), from a photo and a "
        'hundred kilobytes of motion. They are also on <a href="gallery/loops.html">a page without '
        "anything else</a>.\n",
        "<p><small>" + ". ".join(each.source for each in FRONT) + ".</small></p>\n",
        "Made when this site was built, with the default options, from pictures that installed "
        "packages carry. They were not chosen for looking good: half of them show what goes wrong. "
        "The right one of each pair is what was found: sky in blue, hair in orange.\n",
        "## Mountains\n\n![A mountain path under drifting clouds](gallery/mountains.webp)\n",
        "<p>"
        f"{_badge('well')} Clouds with hard edges evaporate and form anew, twice a loop; who "
        "watches for it sees it.</p>\n\n"
        '<p><small>"Picos de Europa", Aitzol Berasategi, CC BY 4.0, scaled down and animated; the '
        "one loop that was made before.</small></p>\n",
        *(_shown(entry) for entry in ENTRIES),
        "## Water, added by hand\n\n"
        '<video src="gallery/lake.mp4" autoplay loop muted playsinline '
        'aria-label="The temple again; now the water ripples"></video>\n\n'
        "The temple again, with an element of its own for the water, and a matte drawn by "
        "hand: [adding an element](explanation/adding-an-element.md) shows how.\n",
        "More of what goes wrong: [limits](explanation/limits.md).\n",
    ]
    return "\n".join(parts)


def _front(prefix: str) -> str:
    """The loops of the front as HTML. prefix: leads to their folders."""
    return "\n".join(
        f'<windstill-loop src="{prefix}{each.name}/photo.loop" controls>'
        f'<img src="{prefix}{each.name}/photo.jpg" alt="{each.alt}"></windstill-loop>'
        for each in FRONT
    )


def _front_files(root: Path, cache: Path) -> dict[str, Path]:
    """The loops of the front, and a plain page that shows them, by their places in the site."""
    found = {}
    for each in FRONT:
        folder = cache / each.name
        if not folder.exists():
            options = windstill.Options(format="web")
            windstill.animate(each.load(root), options, output=folder)
        for path in folder.iterdir():
            if path.name not in ("index.html", _ELEMENT):
                found[f"gallery/{each.name}/{path.name}"] = path
    plain = cache / "loops.html"
    plain.write_text(_PLAIN.format(loops=_front(""), script=_ELEMENT))
    return {
        **found,
        "gallery/loops.html": plain,
        f"gallery/{_ELEMENT}": cache / FRONT[0].name / _ELEMENT,
    }


def _shown(entry: Entry) -> str:
    return (
        f"## {entry.title}\n\n"
        '<div class="pair">\n'
        f'<video src="gallery/{entry.name}.mp4" autoplay loop muted playsinline '
        f'aria-label="{entry.title}, moving"></video>\n'
        f'<img src="gallery/{entry.name}.jpg" alt="{entry.title}: what was found, tinted">\n'
        "</div>\n\n"
        f"{_badge(entry.verdict)} {entry.said}\n\n"
        f"<p><small>{entry.source}</small></p>\n"
    )


def _badge(verdict: str) -> str:
    kind = "fails" if verdict.startswith("fails") else "well"
    word = "Fails in part" if verdict == "fails in part" else kind.title()
    return f'<span class="{kind}">{"Works" if kind == "well" else word}</span>'


def _make(entry: Entry, film: Path, tinted: Path) -> None:
    photo = entry.load()
    mattes = windstill.mattes(photo)
    windstill.animate(photo, output=film, mattes=mattes)
    Image.fromarray(overlay(photo, mattes)).save(tinted, quality=85)


def _follow(lesson: Path, folder: Path) -> None:
    """Runs the programs of a page, which write their films into `folder`."""
    blocks = re.findall(r"^```python\n(.*?)^```", lesson.read_text(), re.M | re.S)
    command = (sys.executable, "-c", "\n".join(blocks))
    # The programs are this repository's own.
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _state(*others: Path) -> str:
    """A name for what makes the loops: another one whenever it has changed."""
    digest = hashlib.sha256()
    package = Path(windstill.__file__).parent
    for path in [*others, *sorted(package.rglob("*"))]:
        part = path.relative_to(package).parts[0] if path.is_relative_to(package) else "page"
        if path.suffix in (".py", ".onnx", ".md", ".js", ".html") and part in (
            *_MAKING,
            path.name,
            "page",
        ):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
