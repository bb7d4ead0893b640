"""Names of blobs: a kind, a slash, and one plain word, with or without an ending."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from windstill.jobs.errors import BlobMissing
from windstill.jobs.media import TYPES

KINDS = ("uploads", "results")

_NAME = re.compile(rf"({'|'.join(KINDS)})/[A-Za-z0-9_-]{{1,128}}(\.[a-z0-9]{{1,8}})?")


def is_name(name: str) -> bool:
    """Whether a blob can have this name."""
    return _NAME.fullmatch(name) is not None


def checked(name: str) -> str:
    """The name, if a blob can have it. Raises `BlobMissing`: nothing else is ever stored."""
    if not is_name(name):
        raise BlobMissing("There is no such file.")
    return name


def mime_of(name: str) -> str:
    """The type that the name's ending tells."""
    return TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
