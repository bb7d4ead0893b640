"""Which photos are meant, and where each result goes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from windstill.errors import UnreadablePhoto
from windstill.video.formats import FORMATS, agreed_format, named_formats

STREAM = "-"
_ENDING = "-loop"


@dataclass(frozen=True)
class Task:
    """One photo and its result; `STREAM` stands for standard input and output.

    beneath: the photo's folder below the one that was named, for results in a folder. poster:
    where the first frame goes, if it is wanted.
    """

    photo: Path
    output: Path
    beneath: Path = Path()
    poster: Path | None = None

    @property
    def reads_stream(self) -> bool:
        """Whether the photo comes from standard input."""
        return str(self.photo) == STREAM

    @property
    def writes_stream(self) -> bool:
        """Whether the result goes to standard output."""
        return str(self.output) == STREAM


def format_for(output: str | None, asked: str | None) -> str | None:
    """The format that `--format` or the extension of `-o` names; None if neither does."""
    if output is None or output == STREAM or _is_folder(output):
        return asked
    named = named_formats(output)
    if not named and Path(output).suffix and asked is None:
        known = ", ".join(dict.fromkeys(entry.extension for entry in FORMATS.values()))
        raise click.UsageError(f"{output}: its extension names no format; known are {known}.")
    found = agreed_format(output, asked)
    if named and found is None:
        raise click.UsageError(f"{output} is named as {named[0]}, but --format is {asked}.")
    return found


def plan_tasks(
    photos: Sequence[str],
    output: str | None,
    extension: str,
    *,
    recursive: bool,
    poster: str | None = None,
) -> list[Task]:
    """Pairs every photo with its result.

    A folder stands for the photos in it. Without `output` a result is named after its photo and
    lies beside it. With several photos, or a folder, `output` is a folder, made when needed.
    poster: extension, without its dot, of a poster beside each result.
    Raises `click.UsageError`, and `UnreadablePhoto` for a folder without photos.
    """
    found = [task for photo in photos for task in _photos_in(photo, recursive)]
    many = means_several(photos)
    if len([photo for photo in photos if photo == STREAM]) > 1:
        raise click.UsageError("standard input (-) can be read only once.")
    if output == STREAM:
        if poster is not None:
            raise click.UsageError("--poster lies beside a result, and -o - has no place.")
        if many:
            raise click.UsageError("standard output (-o -) takes the result of one photo only.")
        return [Task(found[0].photo, Path(STREAM))]
    if output is None or _is_folder(output) or many:
        folder = None if output is None else Path(output)
        if many and folder is not None and os.path.exists(folder) and not os.path.isdir(folder):
            raise click.UsageError(f"{output} is a file; several photos need a folder after -o.")
        return _with_posters(_named_after_photos(found, folder, extension), poster)
    return _with_posters([Task(found[0].photo, Path(output))], poster)


def means_several(photos: Sequence[str]) -> bool:
    """Whether more than one photo may be meant, so that one's trouble is not everybody's."""
    return len(photos) > 1 or any(photo != STREAM and os.path.isdir(photo) for photo in photos)


def _photos_in(photo: str, recursive: bool) -> list[Task]:
    folder = Path(photo)
    if photo == STREAM or not os.path.isdir(folder):
        return [Task(folder, Path())]
    entries = sorted(folder.rglob("*") if recursive else folder.iterdir())
    photos = [entry for entry in entries if _looks_like_photo(entry.relative_to(folder), entry)]
    if not photos:
        raise UnreadablePhoto(f"{photo}: no photos in this folder.")
    return [Task(entry, Path(), entry.parent.relative_to(folder)) for entry in photos]


def _looks_like_photo(inside: Path, entry: Path) -> bool:
    from windstill.photo import EXTENSIONS  # Heavy, and only a folder needs it.

    hidden = any(part.startswith(".") for part in inside.parts)
    # What an earlier run left beside the photos, an animated WebP say, is not animated again.
    result = inside.stem.removesuffix("MP").endswith(_ENDING) or any(
        part.endswith(_ENDING) for part in inside.parent.parts
    )
    known = inside.suffix.lower() in EXTENSIONS
    return known and not hidden and not result and os.path.isfile(entry)


def _named_after_photos(found: list[Task], folder: Path | None, extension: str) -> list[Task]:
    places = [_place(task, folder) for task in found]
    stems = [place / _stem(task) for place, task in zip(places, found, strict=True)]
    counts = Counter(stems)
    tasks = []
    for stem, task in zip(stems, found, strict=True):
        # a.jpg and a.png in one folder: a-jpg-loop.mp4, a-png-loop.mp4
        kind = f"-{task.photo.suffix[1:]}" if counts[stem] > 1 else ""
        output = stem.with_name(f"{stem.name}{kind}{_ENDING}{extension}")
        tasks.append(Task(task.photo, output, task.beneath))
    repeated = [str(output) for output, n in Counter(t.output for t in tasks).items() if n > 1]
    if repeated:
        raise click.UsageError(f"more than one photo would be written to {repeated[0]}.")
    return tasks


def _with_posters(tasks: list[Task], poster: str | None) -> list[Task]:
    if poster is None:
        return tasks
    return [replace(task, poster=task.output.with_suffix(f".{poster}")) for task in tasks]


def _place(task: Task, folder: Path | None) -> Path:
    if folder is not None:
        return folder / task.beneath
    return Path() if task.reads_stream else task.photo.parent


def _stem(task: Task) -> str:
    return "photo" if task.reads_stream else task.photo.stem


def _is_folder(output: str) -> bool:
    return output.endswith("/") or os.path.isdir(output)
