"""What Chromium shows of a picture file: the reference of these tests for what a file means."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
_PAGE = "<!doctype html><style>body{margin:0;background:#fff}img{display:block}</style>"
_SHOW = """async (url) => {
  const image = new Image();
  image.src = url;
  const shown = await image.decode().then(() => true, () => image.naturalWidth > 0);
  document.body.replaceChildren(image);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return shown && [image.naturalWidth, image.naturalHeight];
}"""


class Browser:
    """Shows one picture after the other on a white page."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def show(self, data: bytes, kind: str) -> NDArray[np.uint8] | None:
        """The pixels on the screen, uint8 RGB (H, W, 3); None if the browser refuses the file."""
        url = f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"
        size = self._page.evaluate(_SHOW, url)
        if not size:
            return None
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1]}
        png = self._page.screenshot(clip=clip)
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@contextmanager
def browser() -> Iterator[Browser]:
    """Skips where there is no browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            page = started.new_page(viewport={"width": 1024, "height": 768})
            page.set_content(_PAGE)
            yield Browser(page)
        finally:
            started.close()
