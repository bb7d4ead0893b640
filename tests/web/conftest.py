"""A real browser at a real server; whatever a page does is watched for what it must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.running import RunningServer, start_server
from tests.web.visits import FLAGS, Visit

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = start_server(tmp_path_factory.mktemp("web"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Chromium, without a window; one at a time, as each holds the thread's event loop."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server: RunningServer) -> Iterator[Callable[..., Visit]]:
    """Opens the page, each time as somebody new; in the end nothing forbidden has happened."""
    opened: list[Visit] = []

    def open_page(*, key: str | None = None, **context: object) -> Visit:
        made = browser.new_context(**{"locale": "en-GB", **context})
        opened.append(Visit(made, server, server.key if key is None else key))
        return opened[-1]

    yield open_page
    for visit in opened:
        visit.context.close()
        assert visit.elsewhere == []
        assert visit.violations == []
        assert visit.page_errors == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo with sky, small enough to be quick."""
    from tests.http.photos import jpeg

    path = tmp_path / "temple.jpg"
    path.write_bytes(jpeg(480, 320))
    return path
