"""The fast colour guided filter: a rough map made to follow the edges of a picture.

He, Sun and Tang, "Guided Image Filtering" (2013), in the subsampled form of He and Sun, "Fast
Guided Filter" (2015): a small window of the result is an affine function of the picture's colour;
the functions are found on a small copy, enlarged, and applied to the picture at its full size.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Rows worked on at a time: bounds the temporaries of a large picture.
STRIP = 64


def guided_coefficients(guide: F32, target: F32, radius: int, epsilon: float) -> F32:
    """The affine functions that turn the guide's colours into the target.

    guide: float32 (h, w, 3) in [0, 1]. target: float32 (h, w). radius: of the window, in pixels.
    epsilon: variance of colour below which a window counts as flat.
    Returns float32 (h, w, 4): three slopes and an offset per pixel.
    """
    channels = cv2.split(guide)
    means = [box_mean(channel, radius) for channel in channels]
    mean = box_mean(target, radius)
    covariance = [
        box_mean(c * target, radius) - m * mean for c, m in zip(channels, means, strict=True)
    ]
    slopes = _solve(_variances(channels, means, radius, epsilon), covariance)
    offset = mean - sum(s * m for s, m in zip(slopes, means, strict=True))
    return np.asarray(
        cv2.merge([box_mean(plane, radius) for plane in (*slopes, offset)]), np.float32
    )


def box_mean(plane: F32, radius: int) -> F32:
    """The mean of each square window of `radius` pixels to each side, float32 (h, w)."""
    side = 2 * radius + 1
    return np.asarray(cv2.boxFilter(plane, -1, (side, side), borderType=cv2.BORDER_REFLECT_101))


def _variances(
    channels: Sequence[F32], means: Sequence[F32], radius: int, epsilon: float
) -> dict[tuple[int, int], F32]:
    found: dict[tuple[int, int], F32] = {}
    for i in range(3):
        for j in range(i, 3):
            value = box_mean(channels[i] * channels[j], radius) - means[i] * means[j]
            found[i, j] = value + np.float32(epsilon) if i == j else value
    return found


def _solve(s: dict[tuple[int, int], F32], c: Sequence[F32]) -> Sequence[F32]:
    """The symmetric 3 x 3 systems of every pixel, by cofactors; the solutions replace `c`."""
    for top in range(0, c[0].shape[0], STRIP):
        rows = slice(top, top + STRIP)
        x = [plane[rows] for plane in c]
        a, b, d = s[0, 0][rows], s[0, 1][rows], s[0, 2][rows]
        e, f, g = s[1, 1][rows], s[1, 2][rows], s[2, 2][rows]
        k00, k01, k02 = e * g - f * f, d * f - b * g, b * f - d * e
        k11, k12, k22 = a * g - d * d, b * d - a * f, a * e - b * b
        scale = 1.0 / (a * k00 + b * k01 + d * k02)
        solved = (
            (k00 * x[0] + k01 * x[1] + k02 * x[2]) * scale,
            (k01 * x[0] + k11 * x[1] + k12 * x[2]) * scale,
            (k02 * x[0] + k12 * x[1] + k22 * x[2]) * scale,
        )
        for plane, solution in zip(x, solved, strict=True):
            plane[:] = solution
    return c


def evaluate(coefficients: F32, rgb: U8, low: float, high: float, out: F32) -> None:
    """Applies affine functions to a picture and stretches [low, high] to [0, 1], into `out`.

    coefficients: float32 (h, w, 4) for colours in [0, 1], covering the picture at any smaller
    size; used up. rgb: uint8 (H, W, 3). out: float32 (H, W), overwritten, clipped to [0, 1]; it is
    exactly 0 or 1 wherever the functions say at most `low` or at least `high`.
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
