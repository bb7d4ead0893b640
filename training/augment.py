"""One training picture from one sample: crop, turn, scale; then light, colour, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8, Sample, unpack
from training.sources import HAIR, SKY

# Photos lie on their sides or upside down in so many views, and stand at any angle in so many more.
TURNED, ASKEW = 0.04, 0.02


@dataclass(frozen=True)
class View:
    """A square view: `rgb`, `values`, `known`, all uint8 (S, S, 3); classes in the last axis."""

    rgb: U8
    values: U8
    known: U8


def _head_window(
    sample: Sample, widths: tuple[float, float], rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """A random square around the head, so many times as wide: (centre x, centre y, side) in
    pixels."""
    height, width = sample.labels.shape
    head = sample.item.head
    if head is None:
        ys, xs = np.nonzero((sample.labels >> HAIR) & 1)
        if len(ys) < 40:
            return None
        x, y = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
        extent = max(xs.max() - xs.min(), ys.max() - ys.min())
    else:
        x, y, extent = head.x * width, head.y * height, head.size * max(height, width)
    side = max(extent, 24) * float(np.exp(rng.uniform(*np.log(widths))))
    x += rng.uniform(-0.25, 0.25) * side
    y += rng.uniform(-0.15, 0.3) * side
    return float(x), float(y), float(side)


def _sky_window(labels: U8, rng: np.random.Generator) -> tuple[float, float, float] | None:
    """A random square with its middle in the sky: (centre x, centre y, side) in pixels."""
    ys, xs = np.nonzero((labels >> SKY) & 1)
    if len(ys) < labels.size // 20:
        return None
    pick = int(rng.integers(len(ys)))
    side = float(np.sqrt(labels.size) * rng.uniform(0.35, 0.8))
    return float(xs[pick]), float(ys[pick]), side


def _angle(rng: np.random.Generator) -> float:
    roll = rng.random()
    if roll < 0.48:
        return 0.0
    if roll < 0.48 + TURNED:
        return float(rng.choice([90, -90, 180])) + float(rng.normal(0, 4))
    if roll < 0.48 + TURNED + ASKEW:
        return float(rng.uniform(-180, 180))
    return float(rng.normal(0, 6) if roll < 0.9 else rng.normal(0, 25))


def _placement(
    sample: Sample, size: int, widths: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float64]:
    """The affine map from picture to view, (2, 3)."""
    height, width = sample.rgb.shape[:2]
    scale = size / np.sqrt(height * width) * float(np.exp(rng.uniform(np.log(0.75), np.log(1.8))))
    x = width / 2 + rng.uniform(-0.5, 0.5) * max(0.12 * width, width - size / scale)
    y = height / 2 + rng.uniform(-0.5, 0.5) * max(0.12 * height, height - size / scale)
    window = None
    if sample.item.kind == "street" and rng.random() < 0.8:
        window = _head_window(sample, widths, rng)
    elif sample.item.kind == "scene" and rng.random() < 0.15:
        window = _sky_window(sample.labels, rng)
    if window is not None:
        x, y, side = window
        scale = size / side
    matrix = cv2.getRotationMatrix2D((x, y), _angle(rng), scale)
    matrix[:, 2] += size / 2 - np.array([x, y])
    aspect = float(np.exp(rng.normal(0, 0.06)))
    matrix[0] = (matrix[0] - [0, 0, size / 2]) * aspect + [0, 0, size / 2]
    if rng.random() < 0.5:
        matrix[0] = [0, 0, size - 1] - matrix[0]
    return np.asarray(matrix)


def place(
    sample: Sample, size: int, rng: np.random.Generator, widths: tuple[float, float] = (1.5, 6)
) -> View:
    """A random square view of a sample; what lies beyond the picture is unknown.

    widths: of views around heads in the street, the narrowest and the widest, in heads.
    """
    matrix = _placement(sample, size, widths, rng)
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    rgb = sample.rgb
    if shrink < 0.6:
        # warpAffine does not average: shrink with area first, or the view aliases.
        rgb = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        factor = np.array([sample.rgb.shape[1] / rgb.shape[1], sample.rgb.shape[0] / rgb.shape[0]])
        fitted = matrix.copy()
        fitted[:, :2] *= factor
    else:
        fitted = matrix
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    grey = [float(rng.integers(256))] * 3
    rgb = cv2.warpAffine(rgb, fitted, (size, size), borderMode=border, borderValue=grey)
    values, known = unpack(sample.labels)
    values = cv2.warpAffine(values, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    known = cv2.warpAffine(known, matrix, (size, size))
    return View(
        np.asarray(rgb, np.uint8), np.asarray(values, np.uint8), np.asarray(known, np.uint8)
    )


def _tone(rng: np.random.Generator) -> U8:
    """A look-up table (256, 3) of gamma, exposure, contrast and temperature."""
    ramp = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.normal(0, 0.25))
    ramp = 0.5 + (ramp - 0.5) * np.exp(rng.normal(0, 0.2))
    exposure = np.exp(rng.normal(0, 0.18)) * (rng.uniform(0.2, 0.5) if rng.random() < 0.07 else 1)
    warmth = rng.normal(0, 0.07)
    gains = exposure * np.exp(np.array([warmth, rng.normal(0, 0.03), -warmth]))
    return np.asarray(np.clip(ramp * gains * 255, 0, 255), np.uint8)


def recolour(rgb: U8, rng: np.random.Generator) -> U8:
    """Random light and colour, uint8 RGB of the same shape."""
    out = cv2.LUT(rgb, _tone(rng)[None])
    keep = 0.0 if rng.random() < 0.08 else float(np.clip(rng.normal(1, 0.25), 0, 1.7))
    if abs(keep - 1) > 0.05:
        grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        out = cv2.addWeighted(out, keep, grey, 1 - keep, 0)
    return np.asarray(out, np.uint8)


def degrade(rgb: U8, rng: np.random.Generator) -> U8:
    """What cameras and files do: blur, loss of resolution, noise, JPEG."""
    out = rgb
    size = rgb.shape[0]
    if rng.random() < 0.12:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 2)))
    if rng.random() < 0.10:
        small = int(size * rng.uniform(0.35, 0.8))
        out = cv2.resize(out, (small, small), interpolation=cv2.INTER_AREA)
        out = cv2.resize(out, (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        noise = np.zeros(out.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31 - 1)))
        cv2.randn(noise, (0, 0, 0), (float(rng.uniform(3, 18)),) * 3)
        out = cv2.add(out, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR)
    return np.asarray(out, np.uint8)
