"""Odd and malformed files: a photo or an error of the tree, always.

A small set is part of the repository; the published collections are read where they are at hand.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from windstill.errors import InvalidPhoto
from windstill.photo import COMPATIBLE_LIMITS, Limits, read_photo

ARCHIVE = Path(__file__).parent / "hostile.zip"
"""Made by make_hostile.py."""
FOLDER = Path(__file__).parents[3] / "shared" / "data" / "hostile"
ANY_SIZE = Limits(min_side=1, max_pixels=16_000_000)

COLLECTED = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data are not here")


def own_files() -> dict[str, bytes]:
    """The set of the repository, by name."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = (name for name in archive.namelist() if "/" in name)
        return {name: archive.read(name) for name in names}


def check(source: Path | bytes, name: str) -> bool:
    """Whether it is a photo by either limits; what it must be if it is."""
    read = 0
    for limits in (ANY_SIZE, COMPATIBLE_LIMITS):
        try:
            photo = read_photo(source, limits)
        except InvalidPhoto:
            continue
        read += 1
        assert photo.rgb.dtype == np.uint8, name
        assert photo.rgb.shape == (photo.height, photo.width, 3), name
        assert photo.format in limits.formats, name
    return bool(read)


@pytest.mark.parametrize("kind", ["bad", "cut", "mutated"])
def test_a_file_of_the_repository_is_a_photo_or_an_error_of_the_tree(kind: str) -> None:
    found = {name: data for name, data in own_files().items() if name.startswith(f"{kind}/")}
    assert len(found) > 40
    photos = [name for name, data in found.items() if check(data, name)]
    assert len(photos) < len(found)


def files(folder: str) -> list[Path]:
    return sorted(path for path in (FOLDER / folder).rglob("*") if path.is_file())


@COLLECTED
@pytest.mark.parametrize(
    "folder", sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []
)
def test_a_photo_or_an_error_of_the_tree(folder: str) -> None:
    found = files(folder)
    assert found
    for path in found:
        check(path, str(path))


@COLLECTED
def test_the_good_files_of_pngsuite_are_read_and_the_broken_ones_refused() -> None:
    for path in files("pngsuite"):
        # The checksum of this one's picture data is wrong, which browsers don't mind.
        if path.name.startswith("x") and path.name != "xcsn0g01.png":
            with pytest.raises(InvalidPhoto):
                read_photo(path, ANY_SIZE)
        else:
            assert read_photo(path, ANY_SIZE).format == "PNG", path.name


@COLLECTED
@pytest.mark.parametrize(
    "name",
    [
        "0g01",
        "0g02",
        "0g04",
        "0g08",
        "0g16",
        "2c08",
        "2c16",
        "3p01",
        "3p02",
        "3p04",
        "3p08",
        "4a08",
        "4a16",
        "6a08",
        "6a16",
    ],
)
def test_interlaced_and_plain_are_the_same_picture(name: str) -> None:
    plain = read_photo(FOLDER / "pngsuite" / f"basn{name}.png", ANY_SIZE)
    laced = read_photo(FOLDER / "pngsuite" / f"basi{name}.png", ANY_SIZE)
    np.testing.assert_array_equal(plain.rgb, laced.rgb)
