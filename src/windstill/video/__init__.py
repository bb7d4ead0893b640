"""Frames as YUV 4:2:0 planes to a file that loops: MP4, WebM, AVI, GIF or animated WebP.

The table of formats is read without loading any library; `encode` loads them on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from windstill.video.formats import (
    ENCODED,
    FORMATS,
    Container,
    container,
    format_for_name,
    named_formats,
)

if TYPE_CHECKING:
    from windstill.video.encoding import Encoded, encode

__all__ = [
    "ENCODED",
    "FORMATS",
    "Container",
    "Encoded",
    "container",
    "encode",
    "format_for_name",
    "named_formats",
]


def __getattr__(name: str) -> object:
    if name not in ("Encoded", "encode"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from windstill.video import encoding

    return getattr(encoding, name)
