"""The types of files that jobs make, and the endings of their blobs' names."""

from __future__ import annotations

from windstill.video.formats import FORMATS

SUFFIXES = {
    **{entry.mime: entry.extension for entry in FORMATS.values()},
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/octet-stream": ".bin",
}
"""Name endings by type; what a job makes of another type is not published."""

TYPES = {suffix: mime for mime, suffix in SUFFIXES.items()}
"""The other way round."""
