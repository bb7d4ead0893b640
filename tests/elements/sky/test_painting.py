"""The compiled painting against its definition, written with arrays of floats."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.compiled import libraries
from windstill.elements.sky import painting
from windstill.elements.sky.bands import CoarseBand, FineBand
from windstill.elements.sky.bounds import Bounds
from windstill.elements.sky.lattice import CELL, NODES, Lattice
from windstill.elements.sky.painting import DITHER_SIDE, Painter, Stream
from windstill.imaging.planes import Planes, Region

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
U8 = NDArray[np.uint8]

SIZES = [(2, 2), (2, 34), (30, 2), (8, 8), (66, 90), (72, 128)]


@dataclass(frozen=True)
class Given:
    """All that a painter takes, and two streams."""

    lattice: Lattice
    coarse: CoarseBand
    fine: FineBand | None
    luma_matte: I16
    chroma_matte: I16
    dither: I8
    bounds: tuple[Bounds | None, Bounds | None, Bounds | None]
    streams: list[Stream]

    def painter(self) -> Painter:
        return Painter(
            self.lattice,
            self.coarse,
            self.fine,
            self.luma_matte,
            self.chroma_matte,
            self.dither,
            self.bounds,
        )


def noise(rng: np.random.Generator, shape: tuple[int, ...], low: int, high: int) -> U8:
    """Bytes around the middle that are like pictures: neighbours are alike."""
    rough = rng.integers(low, high, shape).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 1.2)
    spread = np.clip((smooth - smooth.mean()) * 3 + (low + high) / 2, low, high - 1)
    return spread.reshape(shape).astype(np.uint8)


def some_bounds(rng: np.random.Generator, shape: tuple[int, int]) -> Bounds:
    return Bounds(
        rng.integers(-40, 1, shape).astype(np.int8), rng.integers(0, 41, shape).astype(np.int8)
    )


def given(shape: tuple[int, int], seed: int, *, detailed: bool, bounded: bool) -> Given:
    rng = np.random.default_rng(seed)
    lattice = Lattice(*shape)
    height, width = shape
    half = height // 2, width // 2
    shifts = tuple(int(shift) for shift in rng.integers(-1, 4, 4))
    rest = rng.integers(-20, 21, (4, *half)).astype(np.int16)
    coarse = CoarseBand(noise(rng, (height, width, 4), 28, 229), rest, shifts)
    fine = None
    if detailed:
        strength = np.clip(rng.normal(0, 1, lattice.shape), 0, 1).astype(np.float32)
        hidden = lattice.enlarge(strength, CELL) > 0
        fine_rest = np.where(hidden, rng.integers(-20, 21, shape), 0).astype(np.int16)
        plane = noise(rng, (2 * height, 2 * width), 28, 229)
        fine = FineBand(plane, fine_rest, int(rng.integers(-1, 4)), strength)
    matte = rng.integers(0, 257, shape).astype(np.int16)
    matte[:, width // 2 : width // 2 + CELL * 3] = 0
    matte[: height // 3] = 256
    return Given(
        lattice,
        coarse,
        fine,
        matte,
        rng.integers(0, 257, half).astype(np.int16),
        rng.integers(16, 49, (DITHER_SIDE, DITHER_SIDE)).astype(np.int8),
        (some_bounds(rng, shape), some_bounds(rng, half), some_bounds(rng, half))
        if bounded
        else (None, None, None),
        [stream(rng, lattice, 128), stream(rng, lattice, 100)],
    )


def test_the_widest_bounds_are_none() -> None:
    case = given((66, 90), 11, detailed=False, bounded=False)
    free, bound = canvas_of((66, 90), 12), canvas_of((66, 90), 12)
    case.painter().paint(case.streams, free)
    half = 33, 45
    wide = tuple(
        Bounds(np.full(shape, -128, np.int8), np.full(shape, 127, np.int8))
        for shape in ((66, 90), half, half)
    )
    replace(case, bounds=wide).painter().paint(case.streams, bound)
    changes = free.y.astype(int) - canvas_of((66, 90), 12).y
    assert np.abs(changes).max() > 128
    np.testing.assert_array_equal(bound.y, free.y)
    np.testing.assert_array_equal(bound.u, free.u)


def stream(rng: np.random.Generator, lattice: Lattice, most: int) -> Stream:
    """Drifts by some pixels, here and there out of the picture."""
    x, y = lattice.positions()
    drift = cv2.GaussianBlur(rng.normal(0, 40, (*lattice.shape, 2)).astype(np.float32), (0, 0), 2)
    weight = rng.integers(0, most + 1, lattice.node_shape).astype(np.int16)
    weight[:, : lattice.node_shape[1] // 4] = 0
    return Stream(np.stack([x, y], axis=2) + drift, weight, weight * 5 // 4, weight * 3 // 2)


def read(plane: NDArray[np.generic], places: F64) -> F64:
    """`plane` at `places`, linear between its samples, mirrored beyond its edges."""

    def at(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> F64:
        return plane[mirrored(rows, plane.shape[0]), mirrored(columns, plane.shape[1])].astype(
            float
        )

    whole = np.floor(places).astype(int)
    x, y = np.moveaxis(places - whole, -1, 0)
    if plane.ndim == 3:
        x, y = x[..., None], y[..., None]
    column, row = whole[..., 0], whole[..., 1]
    above = at(row, column) * (1 - x) + at(row, column + 1) * x
    below = at(row + 1, column) * (1 - x) + at(row + 1, column + 1) * x
    return above * (1 - y) + below * y


def mirrored(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    period = max(2 * (length - 1), 1)
    folded = index % period
    return np.minimum(folded, period - folded) if length > 1 else folded * 0


def enlarged(lattice: Lattice, field: NDArray[np.generic], scale: int) -> F64:
    return lattice.enlarge(field.astype(np.float64), scale)


def between_nodes(lattice: Lattice, field: NDArray[np.generic], scale: int) -> F64:
    """`field` at the nodes, with `scale` samples per cell, linear between them."""
    sides = (lattice.height * scale // CELL, lattice.width * scale // CELL)
    rows, columns = (
        NODES * ((np.arange(side) + 0.5) / scale + lattice.rim - 0.5) for side in sides
    )
    return read(field, np.stack(np.meshgrid(columns, rows), axis=2))


def defined(case: Given, canvas: Planes) -> Planes:
    """What painting is to give."""
    lattice, coarse = case.lattice, case.coarse
    change = -np.moveaxis(coarse.rest, 0, -1).astype(float)
    for each in case.streams:
        places = enlarged(lattice, each.origins - 0.5, CELL // 2)
        shape, detail = (
            between_nodes(lattice, w, CELL // 2) / 128 for w in (each.shape, each.detail)
        )
        weights = np.stack([detail, shape, shape, shape], axis=-1)
        change += weights * (read(coarse.plane, places) - 128)
    change /= 2.0 ** np.array(coarse.shifts)
    luma = change[..., 0] + change[..., 3]
    sky = case.chroma_matte > 128
    luma -= luma[sky].mean() if sky.any() else 0
    luma = cv2.resize(luma, canvas.y.shape[::-1], interpolation=cv2.INTER_LINEAR)
    if case.fine is not None:
        detail = -case.fine.rest.astype(float)
        for each in case.streams:
            places = enlarged(lattice, each.origins * 2, CELL)
            shown = read(case.fine.plane, places) - 128
            detail += between_nodes(lattice, each.fine, CELL) / 128 * shown
        luma += detail / 2.0**case.fine.shift
    changes = [
        (luma, case.luma_matte),
        (change[..., 1], case.chroma_matte),
        (change[..., 2], case.chroma_matte),
    ]
    painted = []
    planes = (canvas.y, canvas.u, canvas.v)
    for (what, matte), bounds, plane in zip(changes, case.bounds, planes, strict=True):
        rows, columns = (np.arange(side) % DITHER_SIDE for side in matte.shape)
        levels = np.floor(what * matte / 256 + case.dither[np.ix_(rows, columns)] / 64)
        if bounds is not None:
            levels = np.clip(levels, bounds.least, bounds.most)
        painted.append(np.clip(plane + levels, 0, 255).astype(np.uint8))
    return Planes(*painted)


def canvas_of(shape: tuple[int, int], seed: int) -> Planes:
    rng = np.random.default_rng(seed)
    half = shape[0] // 2, shape[1] // 2
    return Planes(*(rng.integers(0, 256, size).astype(np.uint8) for size in (shape, half, half)))


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("detailed", [False, True])
@pytest.mark.parametrize("shape", SIZES)
def test_painting_is_what_it_is_defined_as(
    shape: tuple[int, int], detailed: bool, bounded: bool
) -> None:
    differences = []
    for seed in range(6):
        case = given(shape, seed, detailed=detailed, bounded=bounded)
        if case.fine is not None:
            # Which detail is worth being moved is decided cell by cell: here all is.
            everywhere = np.ones_like(case.fine.strength)
            case = replace(case, fine=replace(case.fine, strength=everywhere))
        canvas = canvas_of(shape, seed)
        wanted = defined(case, canvas)
        case.painter().paint(case.streams, canvas)
        for got, right in zip(
            (canvas.y, canvas.u, canvas.v), (wanted.y, wanted.u, wanted.v), strict=True
        ):
            differences.append(np.abs(got.astype(int) - right).ravel())
    found = np.concatenate(differences)
    # Places are exact to 1/64 of a sample, in planes that change by many levels between samples.
    assert found.max() <= 2
    assert (found > 0).mean() < 0.1


@pytest.mark.parametrize("shape", SIZES)
def test_nothing_is_painted_outside_the_region_or_where_the_matte_is_empty(
    shape: tuple[int, int],
) -> None:
    case = given(shape, 1, detailed=True, bounded=False)
    # With dither of less than a level, an empty matte changes nothing.
    picture = canvas_of((shape[0] + 20, shape[1] + 36), 2)
    before = picture.copy()
    region = Region(8, 16, 8 + shape[0], 16 + shape[1])
    case.painter().paint(case.streams, picture.crop(region))
    changed = picture.y != before.y
    free = np.zeros_like(changed)
    free[region.luma] = case.luma_matte > 0
    assert not changed[~free].any()
    outside = np.ones(picture.u.shape, bool)
    outside[region.chroma] = case.chroma_matte == 0
    assert not ((picture.u != before.u) | (picture.v != before.v))[outside].any()


def test_rows_by_themselves_are_as_in_the_whole_but_for_the_mean() -> None:
    case = given((66, 90), 9, detailed=True, bounded=False)
    # Without a sky to take it from, the mean is nought.
    case = replace(case, chroma_matte=np.minimum(case.chroma_matte, np.int16(128)))
    whole, part = canvas_of((66, 90), 10), canvas_of((66, 90), 10)
    before = part.copy()
    wanted = np.zeros(66, np.uint8)
    wanted[10:17] = wanted[40] = wanted[65] = 1
    case.painter().paint(case.streams, whole)
    case.painter().paint(case.streams, part, wanted)
    np.testing.assert_array_equal(part.y[wanted > 0], whole.y[wanted > 0])
    np.testing.assert_array_equal(part.y[wanted == 0], before.y[wanted == 0])


def test_at_rest_nothing_changes() -> None:
    case = given((66, 90), 3, detailed=True, bounded=False)
    assert case.fine is not None
    lattice = case.lattice
    x, y = lattice.positions()
    whole = np.full(lattice.node_shape, 128, np.int16)
    still = Stream(np.stack([x, y], axis=2), whole, whole, whole)
    # The luma's even samples, and the half-size planes', are those at rest.
    rest = np.moveaxis(case.coarse.plane[::2, ::2].astype(np.int16) - 128, -1, 0)
    fine_rest = case.fine.plane[::2, ::2].astype(np.int16) - 128
    case = replace(
        case,
        coarse=replace(case.coarse, rest=rest),
        fine=replace(case.fine, rest=fine_rest, strength=np.ones_like(case.fine.strength)),
    )
    canvas = canvas_of((66, 90), 4)
    before = canvas.copy()
    case.painter().paint([still], canvas)
    np.testing.assert_array_equal(canvas.y, before.y)
    np.testing.assert_array_equal(canvas.u, before.u)
    np.testing.assert_array_equal(canvas.v, before.v)


def test_every_processor_paints_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = []
    for path in libraries(painting, "painting"):
        monkeypatch.setattr(painting, "_PAINT", ctypes.CDLL(str(path)).windstill_paint_sky)
        case = given((72, 128), 5, detailed=True, bounded=True)
        canvas = canvas_of((72, 128), 6)
        case.painter().paint(case.streams, canvas)
        painted.append(b"".join(plane.tobytes() for plane in (canvas.y, canvas.u, canvas.v)))
    assert painted
    assert len(set(painted)) == 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    case = given((66, 90), 7, detailed=True, bounded=True)
    with pytest.raises(ValueError, match="int8"):
        replace(case, dither=case.dither[:-1]).painter()
    with pytest.raises(ValueError, match="canvas"):
        case.painter().paint(case.streams, canvas_of((66, 88), 8))
    flat = replace(case.streams[0], origins=case.streams[0].origins[:-1])
    with pytest.raises(ValueError, match="float32"):
        case.painter().paint([flat], canvas_of((66, 90), 8))
    with pytest.raises(ValueError, match="streams"):
        case.painter().paint(case.streams * 2, canvas_of((66, 90), 8))
