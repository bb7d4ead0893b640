"""The picture that stands for a loop until it plays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill.errors import InvalidOption
from windstill.video.formats import POSTERS
from windstill.video.part_file import output_error, part_file

_SETTINGS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 90, "progressive": True, "optimize": True},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 88, "method": 4},
}

Save = Callable[[NDArray[np.uint8]], None]


@contextmanager
def poster_file(
    path: str | os.PathLike[str] | None, output: str | os.PathLike[str] | None = None
) -> Iterator[Save]:
    """Inside, the function given writes a picture, uint8 RGB (H, W, 3), to `path`.

    The file appears when the block succeeds. Without `path` nothing is written. Raises
    `InvalidOption` for an extension that is not in `POSTERS` and for a poster in the place of
    the result `output`; `OutputError` when the place can't be written to.
    """
    if path is None:
        yield lambda rgb: None
        return
    target = Path(path)
    kind = POSTERS.get(target.suffix.lower())
    if kind is None:
        raise InvalidOption(
            f"poster is {str(path)!r}; allowed are names that end in {', '.join(POSTERS)}.",
            field="poster",
        )
    if output is not None and os.path.realpath(output) == os.path.realpath(target):
        raise InvalidOption(
            f"poster is {str(path)!r}, which is the result itself; allowed is another file.",
            field="poster",
        )
    with part_file(target) as part:

        def save(rgb: NDArray[np.uint8]) -> None:
            try:
                Image.fromarray(rgb).save(part, kind, **_SETTINGS[kind])
            except OSError as error:
                raise output_error(target, error) from error

        yield save
