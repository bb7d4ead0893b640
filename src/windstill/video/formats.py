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
    frames may be RGB, of any size, instead of 4:2:0 planes. film: the container of the film that
    the photo carries, for formats that are the photo with its loop. encoded: frames are; otherwise
    a browser paints the loop itself.
    """

    name: str
    extension: str
    mime: str
    description: str
    codecs: tuple[str, ...]
    max_side: int | None = None
    max_fps: float | None = None
    full_colour: bool = False
    film: str | None = None
    encoded: bool = True

    @property
    def ending(self) -> str:
        """How the names of results on a disk end; a folder's has no ending."""
        return "" if self.name == "web" else self.extension

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
        Container(
            "motion_photo",
            "MP.jpg",
            "image/jpeg",
            "The photo as a JPEG that carries its loop: Android's Motion Photo",
            CODECS["motion_photo"],
            film="mp4",
        ),
        Container(
            "live_photo",
            ".zip",
            "application/zip",
            "Zip file of the photo and its loop with one identifier: Apple's Live Photo",
            CODECS["live_photo"],
            film="mp4",
        ),
        Container(
            "html",
            ".html",
            "text/html",
            "One web page that paints the loop itself, at most 1280 pixels",
            ("html",),
            max_side=1280,
            encoded=False,
        ),
        Container(
            "web",
            ".zip",
            "application/zip",
            "Files for web pages, which paint the loop themselves: a folder, or zipped",
            ("web",),
            max_side=1280,
            encoded=False,
        ),
    )
}


ENCODED = tuple(name for name, entry in FORMATS.items() if entry.encoded)
"""The formats that frames are encoded to."""

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


def named_formats(path: str | PurePath) -> tuple[str, ...]:
    """The formats that the ending of a file's name names, the usual one first.

    In upper or lower case, except the MP of `photoMP.jpg`; `.jpeg` is as good as `.jpg`.
    """
    name = PurePath(path)
    suffix = name.suffix.lower().replace(".jpeg", ".jpg")
    ending = f"MP{suffix}" if name.stem.endswith("MP") and suffix == ".jpg" else suffix
    return tuple(entry.name for entry in FORMATS.values() if entry.extension == ending)


def agreed_format(path: str | PurePath, asked: str | None) -> str | None:
    """The format that a name and `asked` agree on; None where they contradict each other.

    Where the name says nothing, it is `asked`.
    """
    named = named_formats(path)
    if not named or asked in named:
        return asked
    # The page is the other shape of files for the web.
    return named[0] if asked is None or (asked == "web" and named == ("html",)) else None


def format_for_name(path: str | PurePath, asked: str) -> str:
    """The format of a file of this name, which its ending tells, if it does.

    asked: by the caller; the usual format, MP4, gives way to another ending. Raises
    `InvalidOption` where another differs from the name.
    """
    usual = next(iter(FORMATS))
    found = agreed_format(path, asked) or (agreed_format(path, None) if asked == usual else None)
    if found is None:
        raise InvalidOption(
            f"output is named {PurePath(path).name!r}, as {named_formats(path)[0]}, but format is "
            f"{asked}; allowed is a name that ends as the format's.",
            field="output",
        )
    return found
