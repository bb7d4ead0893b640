"""The containers that a loop can be written to; nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from windstill.errors import InvalidOption
from windstill.options import CODECS


@dataclass(frozen=True)
class Container:
    """A file format for loops.

    name: as in `Options.format`. extension: with its dot. mime: media type. description: for
    people. codecs: names of the settings it can be encoded with, the default first.
    max_side, max_fps: what frames are reduced to, or None to keep them as they are. full_colour:
    frames may be RGB, of any size, instead of 4:2:0 planes.
    """

    name: str
    extension: str
    mime: str
    description: str
    codecs: tuple[str, ...]
    max_side: int | None = None
    max_fps: float | None = None
    full_colour: bool = False

    @property
    def repeats(self) -> bool:
        """Whether the loop can be repeated within the file."""
        return self.name in CODECS


FORMATS: dict[str, Container] = {
    entry.name: entry
    for entry in (
        Container(
            "mp4",
            ".mp4",
            "video/mp4",
            "MP4 with H.264, which plays everywhere, or AV1 on request",
            CODECS["mp4"],
        ),
        Container(
            "webm", ".webm", "video/webm", "WebM with VP9, or AV1 on request", CODECS["webm"]
        ),
        Container(
            "avi",
            ".avi",
            "video/x-msvideo",
            "AVI with H.264, for old programs; MPEG-4 part 2 on request, for very old ones",
            CODECS["avi"],
        ),
        Container(
            "gif",
            ".gif",
            "image/gif",
            "GIF of 256 colours, at most 640 pixels and 15 frames per second",
            ("gif",),
            max_side=640,
            max_fps=15,
        ),
        Container(
            "webp",
            ".webp",
            "image/webp",
            "Animated WebP, at most 640 pixels and 15 frames per second",
            ("webp",),
            max_side=640,
            max_fps=15,
        ),
        Container(
            "png",
            ".zip",
            "application/zip",
            "Zip file with every frame as a PNG picture, without loss",
            ("png",),
            full_colour=True,
        ),
    )
}


POSTERS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
"""Extensions of posters, and what Pillow calls their formats."""


def container(name: str) -> Container:
    """The container called `name`. Raises `InvalidOption` if there is none."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InvalidOption(
            f"format is {name!r}; allowed: {', '.join(FORMATS)}.", field="format"
        ) from None


def container_of(path: str | PurePath) -> Container | None:
    """The container that the extension of `path` names, in upper or lower case; else None."""
    extension = PurePath(path).suffix.lower()
    return next((entry for entry in FORMATS.values() if entry.extension == extension), None)
