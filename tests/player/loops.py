"""Loops for web pages of scenes whose mattes are known."""

from __future__ import annotations

from functools import cache

import windstill
from tests.preview.scenes import landscape
from windstill import Animation, Options

FILES = {"index.html", "photo.jpg", "photo.loop", "photo.loop.js", "windstill-loop.js"}
"""Of a folder for the web."""


@cache
def made(format: str) -> Animation:
    """The loop of a landscape as one file."""
    photo, mattes = landscape()
    return windstill.animate(photo, Options.parse({"format": format}), mattes=mattes)
