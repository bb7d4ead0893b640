"""What colours say about a matte near its border."""

from __future__ import annotations

import ctypes

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.compiled import libraries
from windstill.imaging.affine import evaluate
from windstill.perceive import edges
from windstill.perceive.edges import edge_functions

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

EPSILON, CONTRAST = 1e-4, 0.02


def _mean(plane: F32, radius: int) -> F32:
    side = 2 * radius + 1
    return np.asarray(cv2.boxFilter(plane, -1, (side, side), borderType=cv2.BORDER_REFLECT_101))


def _means(planes: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    return np.stack([_mean(plane, radius) for plane in planes])


def _defined(guide: U8, guess: F32, radius: int, passes: int) -> NDArray[np.float64]:
    """The functions, float64 (h, w, 4), as the papers have them."""
    colours = np.moveaxis(guide / 255, -1, 0)
    alpha = guess.astype(np.float64)
    mean, target = _means(colours, radius), _mean(alpha, radius)
    products = np.stack([_means(colours * channel, radius) for channel in colours])
    spread = products - mean[:, None] * mean[None] + EPSILON * np.eye(3)[..., None, None]
    along = _means(colours * alpha, radius) - mean * target
    slopes = np.linalg.solve(
        np.moveaxis(spread, (0, 1), (-2, -1)), along.transpose(1, 2, 0)[..., None]
    )
    slopes = np.moveaxis(slopes[..., 0], -1, 0)
    functions = _means(np.stack([*slopes, target - (slopes * mean).sum(0)]), radius)
    kept = functions
    for _ in range(passes):
        colour, weight = [], []
        for share in (alpha**2, (1 - alpha) ** 2):
            weight.append(_mean(share, radius))
            colour.append(_means(colours * share, radius) / np.maximum(weight[-1], 1e-4))
        way = colour[0] - colour[1]
        length = (way**2).sum(0)
        trust = np.minimum(np.minimum(*weight) / 0.02, 1) * length / (length + CONTRAST)
        slopes = way * trust / np.maximum(length, 1e-5)
        offset = -(slopes * colour[1]).sum(0)
        functions = np.stack([*slopes, offset]) + kept * (1 - trust)
        alpha = np.clip((functions[:3] * colours).sum(0) + functions[3], 0, 1)
    if passes:
        functions = _means(functions, max(1, radius // 3))
    return np.moveaxis(functions, 0, -1)


def _given(height: int, width: int, seed: int) -> tuple[U8, F32]:
    """Something like a picture, and a rough matte of it."""
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.random((height, width, 3)), (0, 0), 2)
    guide = np.rint(255 * smooth).astype(np.uint8).reshape(height, width, 3)
    guess = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 5).reshape(height, width)
    return guide, np.clip((guess - 0.5) * 20 + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("passes", [0, 1, 2])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 9), (61, 37), (90, 160), (200, 1)])
def test_functions_are_what_they_are_defined_as(height: int, width: int, passes: int) -> None:
    guide, guess = _given(height, width, 7)
    for radius in (1, 4, 11):
        found = edge_functions(guide, guess, radius, EPSILON, CONTRAST, passes)
        defined = _defined(guide, guess, radius, passes)
        colours = np.dstack([guide / 255, np.ones((height, width))])
        matte, expected = (found * colours).sum(-1), (defined * colours).sum(-1)
        np.testing.assert_allclose(matte, expected, atol=2e-3)


def test_every_processor_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    guide, guess = _given(70, 130, 3)
    found = set()
    for path in libraries(edges, "edges"):
        monkeypatch.setattr(edges, "_EDGE", ctypes.CDLL(str(path)).windstill_edge)
        found.add(edge_functions(guide, guess, 5, EPSILON, CONTRAST, 2).tobytes())
    assert len(found) == 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    guide, guess = _given(20, 30, 1)
    with pytest.raises(ValueError, match="uint8"):
        edge_functions(guide[:-1], guess, 3, EPSILON, CONTRAST, 2)
    with pytest.raises(ValueError, match="float32"):
        edge_functions(guide, guess.astype(np.float64), 3, EPSILON, CONTRAST, 2)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="radius"):
        edge_functions(guide, guess, 0, EPSILON, CONTRAST, 2)


def _two_colours(height: int, width: int, edge: int) -> U8:
    rgb = np.full((height, width, 3), (200, 210, 230), np.uint8)
    rgb[:, edge:] = (60, 50, 20)
    return rgb


@pytest.mark.parametrize("passes", [0, 2])
def test_a_rough_map_takes_the_edge_of_the_picture(passes: int) -> None:
    rgb = _two_colours(300, 400, 203)
    rough = np.zeros((75, 100), np.float32)
    rough[:, :48] = 1
    functions = edge_functions(_two_colours(75, 100, 51), rough, 8, EPSILON, CONTRAST, passes)
    out = np.full((300, 400), np.nan, np.float32)
    evaluate(functions, rgb, 0.2, 0.8, out)
    assert np.all(out[:, 203 - 14 : 203] > 0.5)
    assert np.all(out[:, 203:] < 0.1)
    assert np.all(out[:, :100] == 1)
    assert np.all(out[:, 300:] == 0)
