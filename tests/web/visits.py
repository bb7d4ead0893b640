"""One person's visit to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.http.running import RunningServer

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Answers that a test makes up count as public, and may then not ask for what is on loopback.
    "--disable-features=LocalNetworkAccessChecks",
]
PATIENCE = 30_000
"""Milliseconds; what is awaited normally comes within one or two seconds."""


class Visit:
    """The page in a context of its own.

    elsewhere: addresses of other hosts that were asked for. violations: what the content security
    policy had to stop. page_errors: exceptions that nobody caught.
    """

    def __init__(self, context: Any, server: RunningServer, key: str) -> None:
        self.context = context
        self.server = server
        self.elsewhere: list[str] = []
        self.violations: list[str] = []
        self.page_errors: list[str] = []
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.page.on("request", self._requested)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.page.goto(f"{server.address}/#key={key}" if key else f"{server.address}/")
        self.page.locator("h1:visible").wait_for()

    def choose(self, photo: Path) -> None:
        """Chooses a photo, and waits until it is known what was found."""
        self.page.set_input_files("#file", photo)
        self.page.locator("#controls:not([inert])").wait_for()

    def animate(self) -> None:
        """Makes a short loop, and waits for it."""
        self.set_range("seconds", 2)
        self.page.locator("#animate").click()
        self.page.locator("#result").wait_for()

    def set_range(self, name: str, value: float) -> None:
        """Moves a slider of the form."""
        self.page.locator(f"#{name}").fill(str(value))

    def drag(self, name: str, start: tuple[float, float], stop: tuple[float, float]) -> None:
        """Drags the mouse over an element; points are parts of its width and height."""
        self.page.locator(f"#{name}").scroll_into_view_if_needed()
        box = self.page.locator(f"#{name}").bounding_box()
        points = [
            (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, stop)
        ]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        self.page.mouse.move(*points[1], steps=6)
        self.page.mouse.up()

    def _requested(self, request: Any) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(self.server.address).netloc:
            self.elsewhere.append(request.url)

    def _said(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.violations.append(message.text)
