"""Frames as YUV 4:2:0 planes to a file that loops: MP4, WebM, AVI, GIF or animated WebP."""

from __future__ import annotations

from windstill.video.encode import Encoded, encode
from windstill.video.formats import FORMATS, Container, container, container_of

__all__ = ["FORMATS", "Container", "Encoded", "container", "container_of", "encode"]
