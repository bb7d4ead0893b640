"""Code points, primaries, HDR and gain maps: colours as Chromium shows them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.photo.browser import Browser, browser
from tests.photo.files import chunk, encoded, picture, png, png_rows, swapping_profile, with_chunk
from tests.photo.heif_files import File, nclx, with_gain_map
from windstill.photo import read_photo

LEVELS = np.arange(0, 256, 17, dtype=np.uint8)
LATTICE = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), -1).reshape(64, 64, 3)
SRGB_BYTES = chunk(b"sRGB", b"\0")
P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
STANDARD = (0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


def lattice(*before: bytes) -> bytes:
    """A PNG of a lattice of colours, with chunks that say what they mean."""
    height, width = LATTICE.shape[:2]
    return png(width, height, png_rows(LATTICE), before=b"".join(before))


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full]))


def gama(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chrm(*values: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def brightest(nits: int) -> bytes:
    return chunk(b"cLLI", struct.pack(">II", nits * 10_000, 100_000))


def mastered(nits: int) -> bytes:
    return chunk(b"mDCV", bytes(16) + struct.pack(">II", nits * 10_000, 50))


PNG_CASES = {
    "Display P3": cicp(12, 13),
    "PQ": cicp(9, 16),
    "PQ of 400": cicp(9, 16) + brightest(400),
    "PQ of 4000": cicp(9, 16) + brightest(4000),
    "PQ mastered at 2000": cicp(9, 16) + mastered(2000),
    "PQ in P3": cicp(12, 16),
    "HLG": cicp(9, 18),
    "HLG in BT.709": cicp(1, 18),
    "BT.709": cicp(1, 1),
    "BT.2020": cicp(9, 14),
    "linear": cicp(1, 8),
    "linear BT.2020": cicp(9, 8),
    "gamma 2.2": cicp(1, 4),
    "gamma 2.8": cicp(5, 5),
    "NTSC": cicp(4, 4),
    "cinema": cicp(11, 17),
    "sRGB": cicp(1, 13),
    "unspecified": cicp(2, 2),
    "not full range": cicp(9, 16, 0, 0),
    "code points and sRGB": SRGB_BYTES + cicp(12, 13),
    "gAMA 0.45455": gama(0.45455),
    "gAMA 0.55": gama(0.55),
    "gAMA 0.3": gama(0.3),
    "cHRM alone": chrm(*P3),
    "cHRM and gAMA": chrm(*P3) + gama(0.5),
    "standard cHRM and gAMA": chrm(*STANDARD) + gama(0.45455),
    "cHRM of zeros": chrm(*[0] * 8) + gama(0.5),
    "gAMA, overruled by sRGB": SRGB_BYTES + gama(0.9),
}


@pytest.mark.parametrize("name", PNG_CASES)
def test_png_means_what_chromium_takes_it_for(chromium: Browser, name: str) -> None:
    file = lattice(PNG_CASES[name])
    shown = chromium.show(file, "png")
    assert shown is not None
    difference = np.abs(read_photo(file).rgb.astype(int) - shown)
    assert difference.mean() < 0.2
    # One level of rounding; in saturated dark colours Chromium computes less exactly.
    assert difference.max() <= 4


def test_code_points_overrule_a_profile() -> None:
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(swapping_profile()))
    both = read_photo(lattice(profile, cicp(12, 13))).rgb
    np.testing.assert_array_equal(both, read_photo(lattice(cicp(12, 13))).rgb)


def test_grey_with_code_points_stays_grey() -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (32, 1))
    file = png(256, 32, png_rows(grey), colour=0, before=cicp(9, 16))
    rgb = read_photo(file).rgb
    assert (np.ptp(rgb.astype(int), axis=2) <= 1).all()
    assert (np.diff(rgb[0, :, 0].astype(int)) >= 0).all()
    assert rgb[0, -1, 0] == 255


RGB = picture(128, 64)


def avif(colour: bytes) -> bytes:
    file = File()
    return file.bytes(file.add_picture(RGB, colour))


def grid(colour: bytes) -> bytes:
    file = File()
    return file.bytes(file.add_grid(RGB, 64, colour))


def gained(colour: bytes, *, tiled: bool, tiled_gain: bool, gain_first: bool = False) -> bytes:
    """A base picture of `colour` and a gain map, each out of tiles or not."""
    file = File()
    map_rgb = picture(64, 64) if not tiled_gain else picture(128, 64)

    def add_gain() -> int:
        if tiled_gain:
            return file.add_grid(map_rgb, 64, nclx(2, 2))
        return file.add_picture(map_rgb, nclx(2, 2), hidden=True)

    gain = add_gain() if gain_first else 0
    base = file.add_grid(RGB, 64, colour) if tiled else file.add_picture(RGB, colour)
    return with_gain_map(file, base, (128, 64), gain or add_gain())


AVIF_CASES: dict[str, Callable[[], bytes]] = {
    **{
        f"{primaries} {transfer}": lambda p=primaries, t=transfer: avif(nclx(p, t))
        for primaries, transfer in (
            (1, 13), (12, 13), (9, 16), (9, 18), (1, 1), (9, 14), (2, 2), (12, 2), (1, 8), (4, 4),
        )
    },
    "tiles": lambda: grid(nclx(1, 13)),
    "tiles in P3": lambda: grid(nclx(12, 13)),
    "gain map": lambda: gained(nclx(1, 13), tiled=False, tiled_gain=False),
    "gain map and P3": lambda: gained(nclx(12, 13), tiled=False, tiled_gain=False),
    "tiles and a gain map": lambda: gained(nclx(12, 13), tiled=True, tiled_gain=False),
    "tiles and a gain map of tiles": lambda: gained(nclx(12, 13), tiled=True, tiled_gain=True),
    "a gain map first": lambda: gained(nclx(1, 13), tiled=True, tiled_gain=False, gain_first=True),
}  # fmt: skip


@pytest.mark.parametrize("name", AVIF_CASES)
def test_avif_means_what_chromium_takes_it_for(chromium: Browser, name: str) -> None:
    file = AVIF_CASES[name]()
    shown = chromium.show(file, "avif")
    assert shown is not None
    difference = np.abs(read_photo(file).rgb.astype(int) - shown)
    assert difference.mean() < 0.2
    # Chromium turns HDR into light without rounding to 8 bits first.
    assert difference.max() <= 6


def test_a_profile_overrules_code_points_in_avif() -> None:
    file = encoded(RGB, "AVIF", quality=98, subsampling="4:4:4", icc_profile=swapping_profile())
    at = file.index(b"nclx") + 4
    file = file[:at] + struct.pack(">HH", 9, 16) + file[at + 4 :]
    assert np.abs(read_photo(file).rgb.astype(int) - RGB[..., [2, 0, 1]]).mean() < 4


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (12, 13), (9, 16), (9, 18)])
def test_heic_means_the_same(primaries: int, transfer: int) -> None:
    pytest.importorskip("pillow_heif")
    from tests.photo.test_heic import heic

    file = heic(RGB)
    at = file.index(b"nclx") + 4
    coloured = file[:at] + struct.pack(">HH", primaries, transfer) + file[at + 4 :]
    as_png = with_chunk(encoded(read_photo(file).rgb, "PNG"), cicp(primaries, transfer))
    np.testing.assert_array_equal(read_photo(coloured).rgb, read_photo(as_png).rgb)


def test_light_of_a_large_picture_is_the_same_in_every_band() -> None:
    rgb = np.broadcast_to(np.array([180, 120, 60], np.uint8), (1100, 1000, 3))
    shown = read_photo(with_chunk(encoded(np.ascontiguousarray(rgb), "PNG"), cicp(9, 18))).rgb
    assert (shown == shown[0, 0]).all()
