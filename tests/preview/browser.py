"""The live preview in a real browser, under the policy that the service's pages have."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.serving import serving

U8 = NDArray[np.uint8]

POLICY = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob: data:"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_KINDS = {"js": "text/javascript", "html": "text/html", "png": "image/png"}
_PAGE = b"""<!doctype html><meta charset="utf-8"><title>probe</title>
<canvas id="canvas"></canvas><script type="module" src="/probe.js"></script>"""
_PROBE = b"""
import { Player } from "/static/player.js";
import { Renderer } from "/static/renderer.js";
const canvas = document.getElementById("canvas");
const problems = window.problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("securitypolicyviolation", (event) => problems.push(event.violatedDirective));
const fetched = async (address) => (await fetch(address)).blob();
window.probe = {
  Player, Renderer, canvas,
  preview: new Player(canvas),
  async load() {
    const photo = await fetched("/photo.png");
    const image = await createImageBitmap(photo, { colorSpaceConversion: "none" });
    const motion = await (await fetched("/motion")).arrayBuffer();
    await this.preview.load({ image, motion, mattes: await fetched("/mattes.png") });
  },
  pixels() {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) {
      text += String.fromCharCode(...data.subarray(i, i + 32768));
    }
    return [canvas.width, canvas.height, btoa(text)];
  },
  frame(time) { this.preview.draw(time); return this.pixels(); },
};
"""


class Probe:
    """A page with a preview on it. `served` is what is behind /photo.png, /mattes.png, /motion."""

    def __init__(self, page: Any, served: dict[str, bytes]) -> None:
        self.page = page
        self.served = served

    def serve(self, photo: U8, mattes_png: bytes, motion: bytes) -> None:
        from windstill.web.package import png

        self.served |= {"/photo.png": png(photo), "/mattes.png": mattes_png, "/motion": motion}

    def load(self) -> None:
        self.page.evaluate("probe.load()")

    def update(self, **choices: object) -> None:
        self.page.evaluate("(choices) => probe.preview.update(choices)", choices)

    def frame(self, time: float) -> U8:
        """What the canvas shows at a time (loops), uint8 RGB (H, W, 3)."""
        return _picture(self.page.evaluate("(time) => probe.frame(time)", time))

    def problems(self) -> list[str]:
        return list(self.page.evaluate("problems"))


def _picture(answer: Any) -> U8:
    width, height, text = answer
    rgba = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    return np.ascontiguousarray(rgba[..., :3])


@contextmanager
def probe() -> Iterator[Probe]:
    """Skips where there is no browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium is installed")
    served: dict[str, bytes] = {}
    with serving(partial(_Handler, served)) as address, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_function("window.probe")
            yield Probe(page, served)
        finally:
            browser.close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, served: Mapping[str, bytes], *args: Any) -> None:
        self._served = served
        super().__init__(*args)

    def do_GET(self) -> None:
        body = self._body()
        self.send_response(404 if body is None else 200)
        kind = _KINDS.get(self.path.rpartition(".")[2], "application/octet-stream")
        self.send_header("Content-Type", "text/html" if self.path == "/" else kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def _body(self) -> bytes | None:
        fixed = {"/": _PAGE, "/probe.js": _PROBE, "/favicon.ico": b""}
        if self.path in fixed:
            return fixed[self.path]
        if self.path.startswith("/static/"):
            name = self.path.removeprefix("/static/")
            return files("windstill.web").joinpath("player", name).read_bytes()
        return self._served.get(self.path)

    def log_message(self, *args: Any) -> None:
        pass
