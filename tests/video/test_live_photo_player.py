"""A Live Photo in the player that Apple gives to web pages, in a real browser."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.http.photos import jpeg
from tests.web.conftest import browser  # noqa: F401
from windstill import Options, animate

PLAYER = (
    Path(__file__).parents[2] / ".venv-clients/node/node_modules/livephotoskit/livephotoskit.js"
)
PAGE = """<!doctype html><div id="photo" style="width:480px;height:320px"></div>
<script src="livephotoskit.js"></script>
<script>
const told = new Promise((tell) => {
  const player = LivePhotosKit.augmentElementAsPlayer(document.getElementById('photo'));
  player.addEventListener('error', (event) => tell({ error: String(event.detail) }));
  player.addEventListener('canplay', () => tell({
    canPlay: player.canPlay, photoTime: player.photoTime, frames: player.frameTimes.length,
  }));
  player.proactivelyLoadsVideo = true;
  player.photoSrc = 'loop.jpg';
  player.videoSrc = 'loop.mov';
});
</script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A page with the player and a Live Photo."""
    if not PLAYER.exists():
        pytest.skip("Apple's player is not installed: make clients")
    made = animate(jpeg(480, 320), Options(format="live_photo", seconds=2, operation="1"))
    with zipfile.ZipFile(io.BytesIO(made.read())) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "livephotoskit.js").write_bytes(PLAYER.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_apples_player_plays_it_and_knows_when_the_still_is(site: str, browser: Any) -> None:  # noqa: F811
    page = browser.new_page()
    try:
        page.goto(site)
        told = page.evaluate("told")
    finally:
        page.close()
    assert told["canPlay"] is True
    assert told["frames"] == 48
    assert told["photoTime"] == pytest.approx(1 / 24, abs=0.001)
