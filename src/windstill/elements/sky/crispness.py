"""Keeping the moving sky as detailed as the photo, all through the loop."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.layer import SkyLayer
from windstill.imaging.planes import Planes

# Moments of the loop that are looked at; few, as each costs a frame's painting. Parts of a large
# sky tell how much detail is missing on the whole, and from the loop's start to the middle of its
# change: what else comes and goes in them, the rest makes up for.
MOMENTS, FEW_MOMENTS = 12, 4
# A variance goes with the square of its factor, but not all of the detail is raised, and noise is
# not raised at all: detail goes with (1 + crispness) to the power of so much, and for a start with
# its usual value.
RESPONSE, USUAL = (0.8, 2.2), 1.5
LEAST, MOST = -0.2, 0.35
# A smaller change of crispness tells nothing about the response to it.
TELLING = 0.01
# Blur that hides grain, pixels.
GRAIN = 0.8
# A sky of up to so many pixels is looked at as a whole; of a larger one strips of so many rows,
# spread over it, of about so many pixels.
WHOLE, STRIP, ENOUGH = 330_000, 32, 120_000
# Rows at a strip's ends, where blur and Laplacian would need what is beyond it, do not count.
MARGIN = 4
# Detail that an encoder's noise adds where something moves, levels squared, in all but the first
# frames: the sky is painted softer by so much, but keeps most of its detail.
CODED, LEAST_KEPT = 0.06, 0.9

F32 = NDArray[np.float32]
Levels = NDArray[np.float64]


def even_crispness(layer: SkyLayer, still: Planes, matte: F32) -> None:
    """Sets the layer's `crispness` so that its detail is the photo's at every moment, once coded.

    Detail is the variance of the Laplacian inside the matte. How much of it comes back depends on
    the photo and the moment: what is parted into bands, moved, blended and rounded again may gain
    or lose some. How much raising it helps depends on the photo, too, and is found by trying at
    the moment that needs it most. Of a large sky only parts are looked at, and it is raised along
    one wave. matte: the sky's, float32, of the size of `still`.
    """
    region = layer.region
    # Away from the edge, where what stands in front would count as the sky's detail.
    whole = (matte[region.luma] > 0.995).astype(np.uint8)
    inside = cv2.erode(whole, np.ones((13, 13), np.uint8), borderType=cv2.BORDER_REPLICATE)
    strips = [(rows, _weights(inside, rows)) for rows in _strips(*inside.shape)]
    before = _detail(still.y[region.luma], strips)
    if before <= 0:
        return
    aim = max(before - CODED, LEAST_KEPT * before)
    wanted = np.zeros(inside.shape[0], np.uint8)
    for rows, _ in strips:
        wanted[rows] = 1
    canvas = still.copy()

    def detail_at(time: float) -> float:
        # Nothing else of the canvas is looked at.
        for rows, _ in strips:
            inner = slice(region.top + rows.start, min(region.top + rows.stop, region.bottom))
            np.copyto(canvas.y[inner], still.y[inner])
        layer.paint_at(time, canvas, wanted)
        return max(_detail(canvas.y[region.luma], strips), 1e-6)

    in_parts = len(strips) > 1
    moments = FEW_MOMENTS if in_parts else MOMENTS
    middles = (np.arange(moments) + 0.5) / moments
    start = np.array([layer.crispness_at(time) for time in middles])
    found = aim / np.array([detail_at(time) for time in middles])
    missing = _swing(found, middles) if in_parts else found
    layer.crispness = _raised(start, missing, USUAL)
    worst = int(np.argmax(np.abs(np.log(found))))
    gained = detail_at(middles[worst]) * found[worst] / aim
    raised = (1 + layer.crispness[worst]) / (1 + start[worst])
    if abs(raised - 1) > TELLING:
        response = float(np.clip(np.log(gained) / np.log(raised), *RESPONSE))
        layer.crispness = _raised(start, missing, response)


def _swing(found: Levels, middles: Levels) -> Levels:
    """The part of what was found at moments of the loop that a change of copies explains: its
    logarithm's mean, and one wave from the loop's start to its middle and back."""
    logarithms, wave = np.log(found), np.cos(2 * np.pi * middles)
    height = (logarithms * wave).mean() / (wave * wave).mean()
    return np.asarray(np.exp(logarithms.mean() + height * wave))


def _raised(crispness: Levels, missing: Levels, response: float) -> F32:
    """The crispness at which no detail is missing, float32. missing: factors on the variance."""
    found = (1 + crispness) * missing ** (1 / response) - 1
    return np.clip(found, LEAST, MOST).astype(np.float32)


def _strips(rows: int, columns: int) -> list[slice]:
    """The rows that are looked at."""
    if rows * columns <= WHOLE:
        return [slice(0, rows)]
    every = rows * columns // ENOUGH
    return [slice(top, top + STRIP) for top in range(0, rows, STRIP * every)]


def _weights(inside: NDArray[np.uint8], rows: slice) -> F32:
    """How much the pixels of a strip count, float32."""
    weights = inside[rows].astype(np.float32)
    if rows.start > 0:
        weights[:MARGIN] = 0
    if rows.stop < inside.shape[0]:
        weights[-MARGIN:] = 0
    return weights


def _detail(luma: NDArray[np.uint8], strips: list[tuple[slice, F32]]) -> float:
    """The variance of the Laplacian in the strips, with the weights given for each."""
    count = total = squares = 0.0
    for rows, inside in strips:
        # In float: rounding the blur to levels would hide faint detail, and add noise of its own.
        smooth = cv2.GaussianBlur(luma[rows].astype(np.float32), (0, 0), GRAIN)
        edges = cv2.Laplacian(smooth, cv2.CV_32F)
        # Sums with weights are faster than picking out the pixels.
        own = cv2.multiply(edges, inside)
        count += cv2.sumElems(inside)[0]
        total += cv2.sumElems(own)[0]
        squares += cv2.sumElems(cv2.multiply(own, edges))[0]
    count = max(count, 1.0)
    return squares / count - (total / count) ** 2
