"""`windstill mattes`: pictures of what was found."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from windstill.errors import OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from windstill.perceive.mattes import Mattes

_TINTS = {"sky": (74, 92, 255), "hair": (255, 122, 46)}
"""The colours of the web page (mattes.js)."""


@click.command()
@click.argument("photo")
@click.option("-o", "--output", metavar="DIR", required=True, help="The folder to write to.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def mattes(photo: str, output: str, force: bool, quiet: bool) -> None:
    """Write where a photo's sky and hair were found.

    DIR gets sky.png and hair.png (8-bit grey, the photo's size) and overlay.png, the photo with
    the sky tinted blue and the hair orange. PHOTO may be - for standard input.

    Example: windstill mattes photo.jpg -o mattes/
    """
    import windstill

    source = sys.stdin.buffer.read() if photo == "-" else photo
    folder = Path(output)
    targets = {name: folder / f"{name}.png" for name in ("sky", "hair", "overlay")}
    for target in targets.values():
        if os.path.exists(target) and not force:
            raise OutputError(f"{target} exists; --force replaces it.")
    picture = windstill.read_photo(source)
    found = windstill.mattes(picture.rgb)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} can't be made: {error.strerror}.") from error
    _save(targets["sky"], _grey(found.sky))
    _save(targets["hair"], _grey(found.hair))
    _save(targets["overlay"], overlay(picture.rgb, found))
    if not quiet:
        for name in ("sky", "hair"):
            share = float(getattr(found, name).mean())
            click.echo(f"{name}: {share:.1%} of the photo -> {targets[name]}")
        click.echo(f"overlay -> {targets['overlay']}")


def overlay(rgb: NDArray[np.uint8], found: Mattes) -> NDArray[np.uint8]:
    """The photo, uint8 (H, W, 3), with each element tinted by its matte."""
    import numpy as np

    tinted = rgb.astype(np.float32)
    for name, colour in _TINTS.items():
        weight = 0.55 * getattr(found, name)[..., None]
        tinted += weight * (np.array(colour, np.float32) - tinted)
    return np.asarray(np.rint(tinted), np.uint8)


def _grey(matte: NDArray[np.float32]) -> NDArray[np.uint8]:
    import numpy as np

    return np.asarray(np.rint(matte * 255), np.uint8)


def _save(target: Path, pixels: NDArray[Any]) -> None:
    from PIL import Image

    from windstill.video.part_file import output_error, part_file

    with part_file(target) as part:
        try:
            Image.fromarray(pixels).save(part, format="PNG")
        except OSError as error:
            raise output_error(target, error) from error
