"""Affine functions of colour, one per place, applied to a picture at its full size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Rows worked on at a time: bounds the temporaries of a large picture.
STRIP = 64


def evaluate(coefficients: F32, rgb: U8, low: float, high: float, out: F32) -> None:
    """Applies affine functions to a picture and stretches [low, high] to [0, 1], into `out`.

    coefficients: float32 (h, w, 4), three slopes and an offset, for colours in [0, 1], covering the
    picture at any smaller size; used up. rgb: uint8 (H, W, 3). out: float32 (H, W), overwritten,
    clipped to [0, 1]; it is exactly 0 or 1 wherever the functions say at most `low` or at least
    `high`.
    """
    gain = 1.0 / (high - low)
    sloped = np.logical_or.reduce([coefficients[..., c] != 0 for c in range(3)])
    scaled = np.multiply(coefficients, np.float32(gain), out=coefficients)
    scaled[..., 3] -= low * gain
    # The picture is read as RGBA of 0 to 255, whose alpha multiplies the offset.
    scaled *= np.float32(1 / 255)
    constant = np.ascontiguousarray(scaled[..., 3]) * np.float32(255)
    for top in range(0, rgb.shape[0], STRIP):
        rows = slice(top, min(top + STRIP, rgb.shape[0]))
        target = out[rows]
        near = _small_rows(constant, rgb.shape, rows)
        columns = _reached(sloped[near], rgb.shape)
        if columns is None and constant[near].max() <= 0:
            target[:] = 0
            continue
        _enlarge(constant, rgb.shape, rows, slice(0, rgb.shape[1]), target)
        if columns is not None:
            rgba = cv2.cvtColor(rgb[rows, columns], cv2.COLOR_RGB2RGBA)
            functions = _enlarge(scaled, rgb.shape, rows, columns)
            cv2.multiply(functions, rgba, functions, dtype=cv2.CV_32F)
            target[:, columns] = cv2.transform(functions, _SUM)
        np.clip(target, 0, 1, out=target)


_SUM = np.ones((1, 4), np.float32)


def _enlarge(
    small: F32, shape: tuple[int, ...], rows: slice, columns: slice, out: F32 | None = None
) -> F32:
    """The part of `small`, enlarged to `shape`, that lies in `rows` and `columns`."""
    down, across = small.shape[0] / shape[0], small.shape[1] / shape[1]
    shift = ((columns.start + 0.5) * across - 0.5, (rows.start + 0.5) * down - 0.5)
    matrix = np.array([[across, 0, shift[0]], [0, down, shift[1]]])
    enlarged = cv2.warpAffine(
        small,
        matrix,
        (columns.stop - columns.start, rows.stop - rows.start),
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(enlarged, np.float32)


def _small_rows(small: F32, shape: tuple[int, ...], rows: slice) -> slice:
    """The rows of `small` that reach into `rows` of the picture."""
    down = small.shape[0] / shape[0]
    return slice(max(0, int(rows.start * down) - 1), int(rows.stop * down) + 2)


def _reached(sloped: NDArray[np.bool_], shape: tuple[int, ...]) -> slice | None:
    """The columns of the picture in which, among some rows, colour matters."""
    across = sloped.shape[1] / shape[1]
    found = np.flatnonzero(sloped.any(axis=0))
    if len(found) == 0:
        return None
    start = max(0, int((found[0] - 1) / across))
    return slice(start, min(shape[1], int(np.ceil((found[-1] + 2) / across))))
