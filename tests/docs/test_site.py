"""The site is whole: links lead somewhere, nothing comes from elsewhere, films loop."""

from __future__ import annotations

import re
from itertools import pairwise

import av
import numpy as np
import pytest

from tests.docs.site import Page, Site

pytestmark = pytest.mark.slow


def test_every_link_leads_somewhere(site: Site) -> None:
    assert len(site.pages) > 30
    broken = [
        (name, address)
        for name, page in site.pages.items()
        for address in (*page.links, *page.loaded)
        if site.broken(page, address)
    ]
    assert broken == []


def test_a_link_to_nowhere_would_be_seen(site: Site) -> None:
    page = site.pages["index.html"]
    assert site.broken(page, "tutorials/made-up.html")
    assert site.broken(page, "tutorials/api.html#made-up")
    assert not site.broken(page, "tutorials/api.html")


def test_no_page_loads_anything_from_another_host(site: Site) -> None:
    for name, page in site.pages.items():
        assert [address for address in page.loaded if re.match(r"\w+:|//", address)] == [], name
        assert "style=" not in re.sub(r"<code.*?</code>", "", page.source, flags=re.S), name
    for path in site.folder.rglob("*.css"):
        assert not re.search(r"url\(|@import|@font-face", path.read_text()), path
    scripts = {path.name for path in site.folder.rglob("*.js")}
    own = {"page.js", "windstill-loop.js", "photo.loop.js"}
    assert scripts == own | {"lunr.js", "search_index.js"}
    assert "://" not in (site.folder / "page.js").read_text()
    assert [path for path in site.folder.rglob("*") if path.suffix in (".woff", ".woff2")] == []


def films(site: Site) -> dict[str, Page]:
    return {
        str((page.path.parent / str(film["src"])).resolve()): page
        for page in site.pages.values()
        for film in page.films
    }


def test_every_film_plays_by_itself_for_ever_and_without_sound(site: Site) -> None:
    gallery = site.pages["gallery.html"]
    assert len(gallery.films) >= 6
    for page in site.pages.values():
        for film in page.films:
            assert {"autoplay", "loop", "muted", "playsinline", "aria-label"} <= film.keys()


def test_every_film_loops_without_a_seam_and_is_small(site: Site) -> None:
    for path in films(site):
        with av.open(path) as container:
            frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert len(frames) == 96, path
        frames.append(frames[0])
        steps = [float(np.abs(one.astype(np.int16) - two).mean()) for one, two in pairwise(frames)]
        assert steps[-1] <= 1.7 * max(steps[:-1]) + 0.05, path
    whole = sum(path.stat().st_size for path in site.folder.rglob("*") if path.is_file())
    assert whole < 12_000_000


def test_the_gallery_shows_failures_and_says_so(site: Site) -> None:
    source = site.pages["gallery.html"].source
    assert source.count('class="fails"') >= 3
    assert source.count('class="well"') >= 2


def test_figures_of_the_explanation_are_those_of_the_benchmarks(site: Site) -> None:
    page = site.text("explanation/how-it-works.html")
    figures = site.text("repository/benchmarks/speed.html")
    assert "1280x720" in page
    for figure in re.findall(r"\d+\.\d\d s", page):
        assert figure in figures


def test_samples_of_every_language_are_shown(site: Site) -> None:
    source = site.pages["api/index.html"].source
    for language in ("sh", "python", "javascript", "php", "java", "go", "csharp"):
        assert f'class="language-{language}"' in source


def test_the_reference_is_part_of_the_site(site: Site) -> None:
    assert "windstill keys create" in site.text("reference/commands.html")
    assert "WINDSTILL_QUEUE_LENGTH" in site.text("api/settings.html")
    assert "InvalidPhoto" in site.text("reference/errors.html")
    assert "windstill.animate(" in site.text("reference/library.html")
