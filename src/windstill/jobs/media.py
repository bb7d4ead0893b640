"""The types of files that jobs make, and the endings of their blobs' names."""

from __future__ import annotations

from pathlib import PurePosixPath

from windstill.video.formats import FORMATS

SUFFIXES = {
    **{entry.mime: entry.extension for entry in FORMATS.values()},
    # A Motion Photo is one, too.
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/octet-stream": ".bin",
}
"""Name endings by type; what a job makes of another type is not published."""

MOTION_PHOTO = "MP.jpg"
"""How the name of a JPEG ends that carries its film: galleries go by that, too."""


def ending(name: str, mime: str) -> str:
    """How the name of a published file ends. name: what its job called it."""
    return MOTION_PHOTO if name.endswith(MOTION_PHOTO) else SUFFIXES[mime]


def saved_as(blob: str) -> str:
    """What a browser calls a published file that it saves."""
    mark = "MP" if blob.endswith(MOTION_PHOTO) else ""
    return f"windstill{mark}{PurePosixPath(blob).suffix}"


TYPES = {suffix: mime for mime, suffix in SUFFIXES.items()}
"""The other way round."""
