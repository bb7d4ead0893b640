"""The site in a real browser: on every screen, by keyboard, in light and dark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.docs.site import Site

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PAGES = (
    "index.html",
    "gallery.html",
    "tutorials/api.html",
    "reference/commands.html",
    "reference/errors.html",
    "explanation/how-it-works.html",
    "api/index.html",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="session")
def address(site: Site) -> Iterator[str]:
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(site.folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Opens a page; in the end nothing was asked of other hosts, and nothing went wrong."""
    contexts, elsewhere, wrong = [], [], []

    def open_page(path: str, **context: Any) -> Any:
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.on("request", lambda asked: elsewhere.append(asked.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda came: wrong.append(came.url) if came.status >= 400 else None)
        page.goto(f"{address}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in elsewhere if not url.startswith((address, "file:"))] == []
    assert wrong == []


@pytest.mark.parametrize(
    ("device", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"]
)
def test_no_barrier_on_the_main_pages(
    visit: Callable[..., Any], address: str, device: dict[str, Any], scheme: str
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python"
    )
    page = visit(PAGES[0], **device, color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        page.goto(f"{address}/{path}")
        found = axe.Axe().run(page)
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"


@pytest.mark.parametrize("device", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_nothing_is_wider_than_the_screen(
    visit: Callable[..., Any], address: str, device: dict[str, Any], site: Site
) -> None:
    page = visit("index.html", **device)
    for path in site.pages if device is PHONE else PAGES:
        page.goto(f"{address}/{path}", wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.scrollWidth") <= device["viewport"]["width"]


def test_films_play_unless_less_motion_is_wanted(visit: Callable[..., Any]) -> None:
    page = visit("gallery.html", **DESKTOP)
    # Browsers play by themselves only what is in sight.
    page.locator("video").first.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('video').currentTime > 0.2")
    calm = visit("gallery.html", **DESKTOP, reduced_motion="reduce")
    calm.wait_for_function("document.querySelector('video').readyState >= 1")
    assert calm.evaluate("[...document.querySelectorAll('video')].every(film => film.paused)")
    assert calm.evaluate("[...document.querySelectorAll('video')].every(film => film.controls)")


def test_a_search_finds_a_page_from_disk(visit: Callable[..., Any], site: Site) -> None:
    page = visit("index.html")
    page.goto((site.folder / "index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("live wallp")
    page.locator("#mkdocs-search-results a", has_text="live wallpaper").first.click()
    assert page.url.startswith("file:")
    assert "wallpaper" in page.locator("h1").inner_text().lower()


def test_a_search_finds_a_page(visit: Callable[..., Any]) -> None:
    page = visit("tutorials/api.html", **DESKTOP)
    page.keyboard.press("/")
    page.keyboard.type("wallpaper", delay=20)
    page.locator("#mkdocs-search-results a").first.wait_for()
    page.locator("#mkdocs-search-results a", has_text="live wallpaper").first.click()
    page.wait_for_url("**/how-to/wallpaper.html*")


def test_from_page_to_page_by_the_list(visit: Callable[..., Any]) -> None:
    page = visit("index.html", **PHONE)
    page.goto(page.url.replace("index.html", "gallery.html"))
    page.get_by_text("All pages").click()
    page.get_by_role("link", name="Options", exact=True).click()
    page.get_by_role("heading", level=1, name="Options").wait_for()
