"""Compiled hair is what it is defined as."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from tests.compiled import libraries
from windstill.elements.hair import painting
from windstill.elements.hair.coverage import Span
from windstill.elements.hair.grid import Grid
from windstill.elements.hair.painting import Cutout, Painter
from windstill.elements.hair.value_range import ValueRange
from windstill.imaging.planes import Planes, Region
from windstill.imaging.warp import double, identity_map

SIZES = [(64, 64), (130, 74), (38, 210), (2, 2), (6, 30)]
TONES = 3
F32 = np.ndarray


@dataclass(frozen=True)
class Case:
    cutout: Cutout
    basis: F32
    weights: F32

    def painter(self) -> Painter:
        return Painter(self.cutout, self.basis)

    @property
    def displacement(self) -> F32:
        """Of each cell, luma pixels."""
        return np.tensordot(self.weights, self.basis, 1)


def planes_of(shape: tuple[int, int], rng: np.random.Generator) -> Planes:
    half = shape[0] // 2, shape[1] // 2
    # Not quite noise: places are exact to a part of a sample.
    return Planes(
        *(
            cv2.GaussianBlur(rng.integers(0, 256, size).astype(np.uint8), (0, 0), 1.5)
            for size in (shape, half, half)
        )
    )


def limited(shape: tuple[int, int], least: int, most: int) -> ValueRange:
    half = shape[0] // 2, shape[1] // 2
    return ValueRange(
        *(
            Planes(*(np.full(size, value, np.uint8) for size in (shape, half, half)))
            for value in (least, most)
        )
    )


def whole(shape: tuple[int, int]) -> list[Span]:
    return [Span(slice(0, shape[0]), slice(0, shape[1]), False)]


def given(shape: tuple[int, int], seed: int, cell: int = 6, size: float = 5.0) -> Case:
    rng = np.random.default_rng(seed)
    region = Region(8, 16, 8 + shape[0], 16 + shape[1])
    grid = Grid(region, cell)
    hair = np.clip(cv2.GaussianBlur(rng.normal(0.5, 3, shape), (0, 0), 3), 0, 1)
    basis = cv2.GaussianBlur(
        rng.normal(0, size, (*grid.shape, 2 * TONES)).astype(np.float32), (0, 0), 1
    )
    basis = np.ascontiguousarray(
        np.moveaxis(basis.reshape(*grid.shape, TONES, 2), 2, 0), np.float32
    )
    travel = np.full(shape, 4 * size, np.float32)
    limits = limited(shape, 0, 255)
    stills, plates = planes_of(shape, rng), planes_of(shape, rng)
    cutout = Cutout(grid, stills, plates, hair.astype(np.float32), travel, limits, whole(shape))
    return Case(cutout, basis, rng.normal(0, 0.6, TONES).astype(np.float32))


def defined(case: Case, canvas: Planes) -> Planes:
    """What painting is to give."""
    cutout = case.cutout
    painted = []
    for name, side in (("y", 1), ("u", 2), ("v", 2)):
        still, plate, over = (getattr(each, name) for each in (cutout.still, cutout.plate, canvas))
        size = still.shape[::-1]
        hair = (
            cutout.hair
            if side == 1
            else cv2.resize(cutout.hair, size, interpolation=cv2.INTER_AREA)
        )
        cell = cutout.grid.cell // side
        rows, columns = cutout.grid.shape
        fine = cv2.resize(case.displacement, (columns * cell, rows * cell))
        moved = fine[cell : cell + still.shape[0], cell : cell + still.shape[1]] / side
        places = 2 * (identity_map(*still.shape) - moved)
        clear = double(np.rint(255 * (1 - hair)).astype(np.uint8)).astype(np.float32) / 255
        light = double(still, crisp=True) - clear * double(plate, crisp=True)

        def read(plane: F32, places: F32 = places) -> F32:
            found: F32 = cv2.remap(
                plane.astype(np.float32),
                places.astype(np.float32),
                None,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            return found

        levels = read(light) + read(clear) * over
        ends = (getattr(end, name) for end in (cutout.limits.least, cutout.limits.most))
        levels = np.clip(levels, *ends)
        painted.append(np.rint(np.clip(levels, 0, 255)).astype(np.uint8))
    return Planes(*painted)


@pytest.mark.parametrize("cell", [2, 6, 8])
@pytest.mark.parametrize("shape", SIZES)
def test_painting_is_what_it_is_defined_as(shape: tuple[int, int], cell: int) -> None:
    differences = []
    for seed in range(4):
        case = given(shape, seed, cell)
        canvas = planes_of(shape, np.random.default_rng(seed + 50))
        wanted = defined(case, canvas)
        case.painter().paint(case.weights, canvas)
        for name in "yuv":
            got, right = getattr(canvas, name), getattr(wanted, name)
            differences.append(np.abs(got.astype(int) - right).ravel())
    found = np.concatenate(differences)
    assert found.max() <= 3
    assert (found > 1).mean() < 0.02


def test_at_rest_the_photo_comes_back_to_the_bit() -> None:
    case = given((130, 74), 1)
    canvas = case.cutout.plate.copy()
    case.painter().paint(np.zeros(TONES, np.float32), canvas)
    for name in "yuv":
        np.testing.assert_array_equal(getattr(canvas, name), getattr(case.cutout.still, name))


def test_only_the_rectangles_are_painted() -> None:
    case = given((64, 90), 2)
    spans = [Span(slice(0, 32), slice(10, 53), False), Span(slice(40, 64), slice(64, 90), False)]
    region = case.cutout.grid.region
    picture = planes_of((90, 130), np.random.default_rng(9))
    before = picture.copy()
    Painter(replace(case.cutout, spans=spans), case.basis).paint(case.weights, picture.crop(region))
    changed = picture.y != before.y
    view = changed[region.luma]
    for span in spans:
        assert view[span.luma].mean() > 0.5
        view[span.luma] = False
    assert not changed.any()


def test_planes_keep_to_their_limits_but_where_hair_is_opaque() -> None:
    case = given((64, 64), 3)
    limits = limited((64, 64), 100, 130)
    spans = [Span(slice(0, 32), slice(0, 64), False), Span(slice(32, 64), slice(0, 64), True)]
    canvas = planes_of((64, 64), np.random.default_rng(4))
    Painter(replace(case.cutout, limits=limits, spans=spans), case.basis).paint(
        case.weights, canvas
    )
    for plane, middle in ((canvas.y, 32), (canvas.u, 16), (canvas.v, 16)):
        assert plane[:middle].min() >= 100
        assert plane[:middle].max() <= 130
        assert plane[middle:].max() > 130


def test_hair_that_came_from_far_outside_is_read_within_the_planes() -> None:
    case = given((38, 64), 5, size=400.0)
    case = replace(case, cutout=replace(case.cutout, travel=np.ones((38, 64), np.float32)))
    canvas = planes_of((38, 64), np.random.default_rng(6))
    case.painter().paint(case.weights, canvas)
    flat = np.full((38, 64), 60, np.uint8)
    plain = Planes(flat, flat[:19, :32].copy(), flat[:19, :32].copy())
    covered = replace(case.cutout, still=plain, hair=np.ones((38, 64), np.float32))
    Painter(covered, case.basis).paint(case.weights, canvas)
    assert (canvas.y == 60).all()


def test_every_processor_paints_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = set()
    for path in libraries(painting, "painting"):
        monkeypatch.setattr(painting, "_PAINT", ctypes.CDLL(str(path)).windstill_paint_hair)
        case = given((130, 74), 7)
        canvas = planes_of((130, 74), np.random.default_rng(8))
        case.painter().paint(case.weights, canvas)
        painted.add(b"".join(plane.tobytes() for plane in (canvas.y, canvas.u, canvas.v)))
    assert len(painted) == 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    case = given((64, 64), 9)
    canvas = planes_of((64, 62), np.random.default_rng(1))
    with pytest.raises(ValueError, match="canvas"):
        case.painter().paint(case.weights, canvas)
    with pytest.raises(ValueError, match="float32"):
        case.painter().paint(case.weights[:-1], case.cutout.still.copy())
    with pytest.raises(ValueError, match="float32"):
        Painter(case.cutout, case.basis[:, :-1])
    short = limited((62, 64), 0, 255)
    with pytest.raises(ValueError, match="uint8"):
        Painter(replace(case.cutout, limits=short), case.basis)
