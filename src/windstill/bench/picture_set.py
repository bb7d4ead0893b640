"""The fixed set of pictures that quality is measured on: a committed list, found where they lie."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from windstill.errors import InvalidOption
from windstill.photo import EXTENSIONS

OPERATIONS = {"sky": "1", "hair": "10"}


@dataclass(frozen=True)
class Picture:
    """One picture of the set.

    moves: "sky" or "hair". source: "pip:DISTRIBUTION", "deb:PACKAGE" or "data". path: inside the
    package, or the data folder. sha256: of the file, hexadecimal; None if any will do.
    """

    moves: str
    source: str
    path: str
    sha256: str | None = None

    @property
    def name(self) -> str:
        """A short name for tables, as good as unique."""
        parts = Path(self.path).parts
        stem = Path(self.path).stem
        return parts[-4] if "contents" in parts and len(parts) > 3 else stem

    def find(self, roots: Sequence[Path]) -> Path | None:
        """The file, where one of `roots` (or the installed package) has it unchanged."""
        places = [root / self.path for root in roots]
        if self.source.startswith("pip:"):
            package, _, rest = self.path.partition("/")
            spec = find_spec(package)
            if spec is not None and spec.submodule_search_locations:
                places.insert(0, Path(spec.submodule_search_locations[0], rest))
        for place in places:
            if place.is_file() and self.sha256 in (None, _sha256(place)):
                return place
        return None


def load(source: Path) -> list[Picture]:
    """The set that a manifest lists, or that a folder holds in its folders sky/ and hair/.

    Raises `InvalidOption` when it is neither, or empty.
    """
    if source.is_dir():
        found = [
            Picture(moves, "data", str(Path(moves, path.name)))
            for moves in OPERATIONS
            for path in sorted((source / moves).glob("*"))
            if path.suffix.lower() in EXTENSIONS
        ]
    else:
        found = _listed(source)
    if not found:
        raise InvalidOption(
            f"set: no pictures in {source}; a manifest, or a folder with sky/ and hair/ in it",
            field="set",
        )
    return found


def locate(
    pictures: Sequence[Picture], roots: Sequence[Path], limit: int | None = None
) -> tuple[list[tuple[Picture, Path]], list[Picture]]:
    """The pictures that are here with their files, at most `limit` of each kind, and the absent."""
    here: list[tuple[Picture, Path]] = []
    absent = []
    counted = dict.fromkeys(OPERATIONS, 0)
    for picture in pictures:
        if limit is not None and counted[picture.moves] >= limit:
            continue
        path = picture.find(roots)
        if path is None:
            absent.append(picture)
        else:
            here.append((picture, path))
            counted[picture.moves] += 1
    return here, absent


def _listed(manifest: Path) -> list[Picture]:
    try:
        rows = json.loads(manifest.read_text())
        found = [Picture(**row) for row in rows]
    except (OSError, ValueError, TypeError) as error:
        raise InvalidOption(f"set: {manifest} is no manifest ({error})", field="set") from error
    for picture in found:
        if picture.moves not in OPERATIONS:
            raise InvalidOption(
                f"set: moves is {picture.moves!r} in {manifest}; allowed: sky, hair", field="set"
            )
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
