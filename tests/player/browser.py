"""Pages with loops on them in a real browser."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.preview.browser import FLAGS
from tests.serving import serving

U8 = NDArray[np.uint8]

STRICT = "default-src 'none'; script-src 'self'; img-src 'self'; connect-src 'self'"
_SETTLED = """(loop) => new Promise((resolve) => {
  if (loop.duration || loop.error) return resolve(loop.error ? "error" : "load");
  setTimeout(() => resolve("nothing for 30 s"), 30_000);
  for (const name of ["load", "error"]) loop.addEventListener(name, () => resolve(name));
})"""
_FRAME = """async (loop, time) => {
  loop.pause();
  loop.currentTime = time * loop.duration;
  const canvas = loop.shadowRoot.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) {
    text += String.fromCharCode(...data.subarray(i, i + 32768));
  }
  return [canvas.width, canvas.height, btoa(text)];
}"""
WATCH = """
addEventListener("securitypolicyviolation", (event) => {
  (globalThis.problems ??= []).push(`${event.violatedDirective} ${event.blockedURI}`);
});
addEventListener("error", (event) => {
  if (event instanceof ErrorEvent && event.target === window) {
    (globalThis.problems ??= []).push(event.message);
  }
});
"""


def _path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = _path()
    if path is None:
        pytest.skip("no chromium is installed")
    with playwright.sync_playwright() as driver:
        ready = driver.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield ready
        finally:
            ready.close()


@contextmanager
def another(browser: Any, flag: str) -> Iterator[Any]:
    """A second browser, with one flag more."""
    ready = browser.browser_type.launch(executable_path=_path(), args=[*FLAGS, flag])
    try:
        yield ready
    finally:
        ready.close()


def served(folder: Path, headers: dict[str, str]) -> AbstractContextManager[str]:
    """The folder over HTTP on this machine, with further headers; its address, ending in /."""
    return serving(partial(_Handler, headers, directory=str(folder)))


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, further: dict[str, str], *args: Any, **named: Any) -> None:
        self._further = further
        super().__init__(*args, **named)

    def end_headers(self) -> None:
        for name, value in self._further.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        pass


def settled(loop: Any) -> str:
    """Waits until a loop has loaded or failed: load or error."""
    return str(loop.evaluate(_SETTLED))


def frame(loop: Any, time: float) -> U8:
    """What a loop shows at a time (loops), uint8 RGB (H, W, 3); it is paused."""
    width, height, text = loop.evaluate(_FRAME, time)
    rgba = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    return np.ascontiguousarray(rgba[..., :3])


def problems(page: Any) -> list[str]:
    """What the page's policy refused, and errors of its scripts."""
    return list(page.evaluate("globalThis.problems ?? []"))
