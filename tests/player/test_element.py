"""<windstill-loop> in a real browser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import windstill
from tests.player.browser import STRICT, WATCH, another, browser, frame, problems, served, settled
from tests.player.loops import FILES, made
from tests.preview.agreement import psnr
from tests.preview.scenes import landscape, portrait
from windstill import Options

MOMENTS = range(0, 96, 12)
THREE = "".join(
    f'<p><windstill-loop src="photo.loop"><img src="photo.jpg" alt="{name}"></windstill-loop>'
    for name in ("one", "two", "three")
)
PAGE = f'<!doctype html><title>loops</title>{THREE}<script src="windstill-loop.js"></script>'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as ready:
        yield ready


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a landscape, and a page with three of it."""
    path = tmp_path_factory.mktemp("lake")
    with zipfile.ZipFile(io.BytesIO(made("web").read())) as archive:
        archive.extractall(path)
    (path / "three.html").write_text(PAGE)
    return path


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    with served(folder, {"Content-Security-Policy": STRICT}) as address:
        yield address


def opened(chromium: Any, address: str, **context: Any) -> Any:
    page = chromium.new_page(**context)
    page.add_init_script(WATCH)
    page.goto(address)
    return page


def loops(page: Any) -> list[Any]:
    return page.locator("windstill-loop").element_handles()


@pytest.mark.parametrize("scene", [landscape, portrait])
def test_frames_are_the_films(chromium: Any, tmp_path: Path, scene: Any) -> None:
    photo, mattes = scene()
    options = Options(format="html", quality="best")
    path = windstill.animate(photo, options, mattes=mattes, output=tmp_path / "loop.html").path
    film = [f.copy() for f in windstill.frames(photo, Options(), mattes=mattes)]
    moving = (np.max(film, axis=0).astype(int) - np.min(film, axis=0)).max(axis=2) >= 3
    page = opened(chromium, f"file://{path}")
    [loop] = loops(page)
    assert settled(loop) == "load"
    for moment in MOMENTS:
        shown = frame(loop, moment / len(film))
        assert psnr(shown, film[moment], moving) > 40
    assert problems(page) == []
    page.close()


def test_many_play_under_a_strict_policy(chromium: Any, site: str) -> None:
    page = opened(chromium, site + "three.html")
    assert [settled(loop) for loop in loops(page)] == ["load"] * 3
    page.wait_for_function(
        "[...document.querySelectorAll('windstill-loop')].every((loop) => loop.currentTime > 0.1)"
    )
    assert problems(page) == []
    page.close()


@pytest.mark.slow
def test_twenty_four_share_a_context(chromium: Any, folder: Path, site: str) -> None:
    """Browsers give a page about sixteen."""
    (folder / "many.html").write_text(PAGE.replace(THREE, THREE * 8))
    page = opened(chromium, site + "many.html", viewport={"width": 800, "height": 6000})
    assert [settled(loop) for loop in loops(page)] == ["load"] * 24
    page.wait_for_function(
        "[...document.querySelectorAll('windstill-loop')].every((loop) => loop.currentTime > 0)"
    )
    first, last = loops(page)[0], loops(page)[-1]
    assert np.array_equal(frame(first, 0.3), frame(last, 0.3))
    page.close()


@pytest.mark.parametrize("name", ["index.html", "three.html"])
def test_it_plays_from_a_disk(chromium: Any, folder: Path, name: str) -> None:
    page = opened(chromium, f"file://{folder}/{name}")
    assert {settled(loop) for loop in loops(page)} == {"load"}
    assert np.abs(frame(loops(page)[0], 0.4).astype(int) - landscape()[0]).max() > 20
    assert problems(page) == []
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
def test_it_plays_from_another_host_that_allows_it(
    chromium: Any, folder: Path, tmp_path: Path, allowed: bool
) -> None:
    headers = {"Access-Control-Allow-Origin": "*"} if allowed else {}
    with served(folder, headers) as cdn, served(tmp_path, {}) as own:
        page = PAGE.replace('src="', f'src="{cdn}')
        (tmp_path / "page.html").write_text(page)
        opened_page = opened(chromium, own + "page.html")
        results = {settled(loop) for loop in loops(opened_page)}
        assert results == {"load" if allowed else "error"}
        # The photo is there either way.
        assert opened_page.evaluate("document.images[0].naturalWidth") == 321
        opened_page.close()


@pytest.mark.slow
def test_it_rests_out_of_sight(chromium: Any, folder: Path, site: str) -> None:
    text = PAGE.replace(THREE, f'{THREE}<div style="height: 9000px"></div>{THREE}')
    (folder / "tall.html").write_text(text)
    page = chromium.new_page(viewport={"width": 400, "height": 900})
    with served(folder, {}) as address:
        page.goto(address + "tall.html")
        first, last = loops(page)[0], loops(page)[-1]
        assert settled(first) == "load"
        assert last.evaluate("(loop) => Number.isNaN(loop.duration)")  # not even loaded
        last.scroll_into_view_if_needed()
        assert settled(last) == "load"
        stands = "async (loop) => { const before = loop.currentTime;"
        stands += " for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);"
        stands += " return loop.currentTime === before; }"
        assert first.evaluate(stands)
        assert not last.evaluate(stands)
        first.scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('windstill-loop').currentTime > 0.2")
    page.close()


def test_whoever_wants_less_motion_gets_the_photo(chromium: Any, site: str) -> None:
    page = opened(chromium, site + "index.html", reduced_motion="reduce")
    [loop] = loops(page)
    assert loop.evaluate("(loop) => [loop.paused, Number.isNaN(loop.duration)]") == [True, True]
    button = page.get_by_role("button", name="Play")
    button.click()
    assert settled(loop) == "load"
    page.get_by_role("button", name="Pause").click()
    assert loop.evaluate("(loop) => loop.paused")
    page.close()


def test_pausing_and_playing_are_told(chromium: Any, site: str) -> None:
    page = opened(chromium, site + "index.html")
    [loop] = loops(page)
    settled(loop)
    told = loop.evaluate(
        """(loop) => {
          const told = [];
          for (const name of ["play", "pause"]) loop.addEventListener(name, () => told.push(name));
          loop.pause(); loop.pause(); loop.play();
          loop.setAttribute("paused", "");
          return [told, loop.paused];
        }"""
    )
    assert told == [["pause", "play"], True]
    page.close()


def test_the_wind_may_be_another(chromium: Any, site: str) -> None:
    page = opened(chromium, site + "index.html")
    [loop] = loops(page)
    settled(loop)
    before = frame(loop, 0.25)
    loop.evaluate("(loop) => loop.setAttribute('wind', '200')")
    assert not np.array_equal(frame(loop, 0.25), before)
    loop.evaluate("(loop) => loop.removeAttribute('wind')")
    assert np.array_equal(frame(loop, 0.25), before)
    page.close()


def test_a_loop_that_is_no_loop_leaves_the_photo(chromium: Any, folder: Path, site: str) -> None:
    (folder / "bad.html").write_text(PAGE.replace("photo.loop", "photo.jpg"))
    page = opened(chromium, site + "bad.html")
    loop = loops(page)[0]
    assert settled(loop) == "error"
    assert loop.evaluate("(loop) => loop.shadowRoot.querySelector('canvas').hidden")
    page.close()


def test_without_webgl_the_photo_is_shown(chromium: Any, site: str) -> None:
    with another(chromium, "--disable-3d-apis") as plain:
        page = opened(plain, site + "index.html")
        [loop] = loops(page)
        assert loop.evaluate("(loop) => loop.shadowRoot.querySelector('canvas').hidden")
        assert loop.evaluate("(loop) => loop.shadowRoot.querySelector('button').hidden")
        assert (
            page.evaluate("document.images[0].complete && document.images[0].naturalWidth") == 321
        )
        assert problems(page) == []


def test_it_is_as_large_as_its_picture(chromium: Any, folder: Path, site: str) -> None:
    page = opened(chromium, site + "index.html", viewport={"width": 250, "height": 600})
    [loop] = loops(page)
    settled(loop)
    sizes = loop.evaluate(
        """(loop) => [loop, loop.querySelector("img"), loop.shadowRoot.querySelector("canvas")]
             .map((each) => Object.values(each.getBoundingClientRect().toJSON()).slice(2, 4))"""
    )
    assert sizes[0] == sizes[1] == sizes[2]
    assert sizes[0][0] <= 250
    assert sizes[0][0] / sizes[0][1] == pytest.approx(321 / 200, rel=0.02)
    page.close()


def test_the_files_are_those_of_a_folder(folder: Path) -> None:
    assert {entry.name for entry in folder.iterdir()} >= FILES
