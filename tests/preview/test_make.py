"""What a preview holds."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.preview.scenes import landscape, portrait
from windstill import Mattes, Options
from windstill.elements.sky.element import FADE
from windstill.errors import NotAPhoto
from windstill.preview import MotionPackage, make_preview


def test_facts_and_mattes_are_of_the_preview() -> None:
    photo, mattes = landscape(800, 1280)
    preview = make_preview(photo, mattes=mattes)
    facts = preview.facts()
    assert (facts["width"], facts["height"]) == (1024, 640)
    assert (facts["photo_width"], facts["photo_height"]) == (1280, 800)
    assert facts["found"]["sky"] == pytest.approx(0.65, abs=0.01)
    picture = np.asarray(Image.open(BytesIO(preview.mattes_png)))
    assert picture.shape == (640, 1024, 3)
    assert picture[10, 10].tolist() == [255, 0, 0]
    assert picture[-10, 10].tolist() == [0, 0, 0]


def test_the_package_is_small_and_says_what_moves() -> None:
    photo, mattes = portrait()
    motion = make_preview(photo, mattes=mattes).motion
    package = MotionPackage.parse(motion)
    assert len(motion) < 600_000
    assert package.header["moved"]["sky"]["motion"] == "drift"
    assert package.header["moved"]["hair"]["motion"] == "sway"
    assert package.header["size"] == [280, 320]
    for name, entry in package.header["arrays"].items():
        assert package.array(name).shape == tuple(entry["shape"])
    for name, entry in package.header["images"].items():
        assert package.image(name).shape[:2] == (entry["height"], entry["width"])


def test_nothing_in_the_photo_is_no_error() -> None:
    photo, _ = landscape()
    package = MotionPackage.parse(make_preview(photo, mattes=Mattes.empty(photo.shape[:2])).motion)
    assert package.header["sky"] is None
    assert package.header["hair"] is None
    assert {notice["code"] for notice in package.header["notices"]} == {"no_sky", "no_hair"}


def test_the_same_request_gives_the_same_bytes() -> None:
    photo, mattes = landscape()
    options = Options(seed=7, strength="windy")
    first, second = (make_preview(photo, mattes=mattes, options=options) for _ in range(2))
    assert first == second


def test_fields_of_a_package_survive_rounding() -> None:
    photo, mattes = landscape()
    package = MotionPackage.parse(make_preview(photo, mattes=mattes).motion)
    offsets = package.array("offsets")
    assert np.abs(offsets).max() == pytest.approx((1 - FADE) / 2, abs=0.003)
    cover = package.array("cover")
    assert cover.max() == pytest.approx(1)


@pytest.mark.parametrize(
    "damage", [b"", b"WSMP", b"WSMP\x01\0\0\0\0\0\0\0", b"\x89PNG" + bytes(40)]
)
def test_other_bytes_are_no_package(damage: bytes) -> None:
    with pytest.raises(ValueError, match="motion package"):
        MotionPackage.parse(damage)


def test_a_bad_photo_is_refused_as_ever() -> None:
    with pytest.raises(NotAPhoto):
        make_preview(b"no photo at all, only words")
