"""A web loop written to its place: a page, a zip, or a folder, each in one step."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from windstill.errors import OutputError
from windstill.options import Options
from windstill.video.encoding import Encoded
from windstill.video.formats import container
from windstill.video.part_file import output_error, part_file
from windstill.web.loop import WebLoop


def write_loop(loop: WebLoop, options: Options, output: str | os.PathLike[str] | None) -> Encoded:
    """Writes the loop: `html` as a page, `web` as a zip if its name ends so, or else as a folder.

    output: where to; None gives the bytes back, of `web` as a zip. Raises `OutputError`; what was
    there before is still there then.
    """
    chosen = container(options.format)
    data = None
    target = None if output is None else Path(output)
    if target is None:
        data = _file(loop, chosen.name, "photo")
        size = len(data)
    elif chosen.name == "web" and target.suffix.lower() != chosen.extension:
        size = _write_folder(loop.files(_title(target)), target)
    else:
        file = _file(loop, chosen.name, _title(target))
        size = len(file)
        with part_file(target) as part:
            try:
                part.write_bytes(file)
            except OSError as error:
                raise output_error(target, error) from error
    return Encoded(
        path=target,
        data=data,
        format=chosen.name,
        mime=chosen.mime,
        codec=chosen.codecs[0],
        width=loop.width,
        height=loop.height,
        frames=options.frame_count,
        fps=float(options.frame_count / options.seconds),
        seconds=options.seconds,
        repeats=1,
        size=size,
    )


def _title(target: Path) -> str:
    return target.stem.removesuffix("-loop")


def _file(loop: WebLoop, format: str, title: str) -> bytes:
    return loop.page(title) if format == "html" else loop.archive(title)


def _write_folder(files: dict[str, bytes], target: Path) -> int:
    """Makes a folder of these files; how many bytes they have.

    A folder that is there gives way if it has no others.
    """
    final = Path(os.path.realpath(target))
    _check_replaceable(final, target, set(files))
    part = final.with_name(f".windstill-{secrets.token_hex(6)}.part")
    try:
        part.mkdir()
        for name, data in files.items():
            (part / name).write_bytes(data)
        if final.exists():
            former = final.with_name(f"{part.name}.former")
            final.rename(former)
            part.rename(final)
            shutil.rmtree(former, ignore_errors=True)
        else:
            part.rename(final)
    except OSError as error:
        raise output_error(target, error) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(part)
    return sum(map(len, files.values()))


def _check_replaceable(final: Path, target: Path, names: set[str]) -> None:
    if os.path.lexists(final) and not os.path.isdir(final):
        raise OutputError(f"{target} can't be written: it is not a folder.")
    others = set(os.listdir(final)) - names if os.path.isdir(final) else set()
    if others:
        raise OutputError(
            f"{target} can't be written: the folder has files of its own, such as {min(others)}."
        )
