"""Photos of the accepted formats, and what chance makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from tests.http import photos
from tests.photo.test_hostile import own_files
from tests.photo.test_mutations import mutated
from tests.pictures import DATA, astronaut, china, indoors

SIDE = (112, 80)


@cache
def seeds() -> tuple[bytes, ...]:
    """Eight files of three photos: each accepted format, in the variants that decoders fear."""
    exif = Image.Exif()
    exif[0x0112] = 6
    sky, head, cup = (
        Image.fromarray(rgb).resize(SIDE, Image.Resampling.LANCZOS)
        for rgb in (china(), astronaut(), indoors())
    )
    return (
        photos.coded(sky, "JPEG", quality=85, exif=exif),
        photos.coded(head, "JPEG", progressive=True, restart_marker_rows=2),
        photos.coded(head.convert("CMYK"), "JPEG"),
        photos.coded(sky, "PNG"),
        photos.coded(cup.quantize(16), "PNG", transparency=bytes(range(16))),
        photos.coded(head.convert("RGBA"), "PNG"),
        photos.coded(sky, "BMP"),
        photos.coded(cup.quantize(200), "BMP"),
    )


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """`count` files, each one of the seeds with one to eight changes."""
    rng = np.random.default_rng(seed)
    files = list(seeds())
    for number in range(count):
        yield mutated(files[number % len(files)], files, rng)


def collected() -> list[bytes]:
    """The repository's odd and malformed files, and the published ones where they are at hand."""
    folder = DATA / "hostile"
    published = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return [*own_files().values(), *published]


def small_photo(number: int = 0) -> bytes:
    """A photo with sky; another file for each number."""
    return photos.coded(photos.scene(96, 64), "JPEG", quality=60 + number % 40)


def small_head() -> bytes:
    """A photo with hair."""
    head = Image.fromarray(astronaut()).resize((96, 96), Image.Resampling.LANCZOS)
    return photos.coded(head, "JPEG", quality=90)
