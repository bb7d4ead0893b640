"""Figures for the faults that viewers notice in a loop: seam, stillness, motion, detail.

All take luma frames: uint8 (N, H, W), one whole loop, raw or decoded; and masks: bool (H, W).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
Mask = NDArray[np.bool_]

UNSEEN = 1.0
"""Variance of detail, levels squared, that nobody sees."""


def steps(frames: Frames, mask: Mask) -> NDArray[np.float64]:
    """Mean absolute change inside `mask` from each frame to the next, levels, (N,).

    The last is the seam: from the last frame to the first.
    """
    inside = _inside(frames, mask)
    following = np.roll(inside, -1, axis=0)
    return np.array(
        [
            np.abs(after.astype(np.int16) - before).mean()
            for before, after in zip(inside, following, strict=True)
        ]
    )


@dataclass(frozen=True)
class Seam:
    """How the step over the seam compares with the loop's other steps (1 is ideal)."""

    to_median: float
    to_largest: float


def seam(frames: Frames, mask: Mask) -> Seam:
    """The seam's step divided by the median and by the largest other step inside `mask`."""
    sizes = steps(frames, mask)
    others = sizes[:-1]
    return Seam(
        float(sizes[-1] / max(np.median(others), 1e-9)),
        float(sizes[-1] / max(others.max(), 1e-9)),
    )


def largest_change(frames: Frames, still: NDArray[np.uint8], mask: Mask) -> int:
    """The largest difference, in levels, of any frame from `still` (H, W) inside `mask`."""
    if not mask.any():
        return 0
    return max(int(cv2.absdiff(frame, still)[mask].max()) for frame in frames)


def psnr(frames: Frames, still: NDArray[np.uint8], mask: Mask) -> float:
    """Peak signal-to-noise ratio of the frames to `still` inside `mask`, decibels."""
    reference = still[mask].astype(np.float32)
    error = float(np.mean([np.mean((frame[mask] - reference) ** 2) for frame in frames]))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def shimmer(frames: Frames, mask: Mask) -> float:
    """The 99th percentile over `mask` of a pixel's standard deviation over time, levels."""
    if not mask.any():
        return 0.0
    # Around the first frame, so that single precision and one pass are enough.
    first = frames[0][mask].astype(np.float32)
    total, squares = np.zeros_like(first), np.zeros_like(first)
    for frame in frames:
        away = frame[mask] - first
        total += away
        squares += away * away
    mean = total / len(frames)
    variance = np.maximum(squares / len(frames) - mean * mean, 0)
    return float(np.percentile(np.sqrt(variance), 99))


def flow(frames: Frames, mask: Mask, *, stride: int = 4, samples: int = 8) -> float:
    """Mean length of the optical flow inside `mask`, % of the diagonal per frame.

    Dense inverse search (Kroeger et al. 2016) between frames `stride` apart, at `samples` places
    spread over the loop.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    count = len(frames)
    diagonal = float(np.hypot(*frames.shape[1:]))
    lengths = []
    for begin in np.linspace(0, count, samples, endpoint=False).astype(int):
        field = search.calc(frames[begin], frames[(begin + stride) % count], None)
        lengths.append(float(np.linalg.norm(field, axis=2)[mask].mean()))
    return 100 * float(np.mean(lengths)) / stride / diagonal


def sharpness(frames: Frames, still: NDArray[np.uint8], mask: Mask) -> NDArray[np.float64]:
    """Each frame's fine detail inside `mask` as a share of `still`'s, (N,).

    Detail is the variance of the Laplacian after a blur of 0.8 pixels, which hides grain. What
    is below one level is added to both, since nobody sees it: a smooth sky has a tenth of that,
    half of it from rounding, and any encoder may double it.
    """
    reference = _detail(still, mask) + UNSEEN
    return np.array([_detail(frame, mask) + UNSEEN for frame in frames]) / reference


def pulse(series: NDArray[np.float64]) -> float:
    """How much a series swings over the loop: (largest - smallest) / mean."""
    return float((series.max() - series.min()) / max(series.mean(), 1e-9))


def flicker(frames: Frames, mask: Mask) -> float:
    """Standard deviation over time of the mean luma inside `mask`, levels."""
    return float(np.std([frame[mask].mean() for frame in frames]))


def smooth(still: NDArray[np.uint8], mask: Mask, contrast: float = 3.0) -> Mask:
    """Where inside `mask` the luma `still` (H, W) varies by less than `contrast` levels nearby."""
    luma = still.astype(np.float32)
    mean = cv2.blur(luma, (9, 9))
    deviation = np.sqrt(np.maximum(cv2.blur(luma * luma, (9, 9)) - mean * mean, 0))
    return np.asarray(mask & (deviation < contrast))


def core(matte: NDArray[np.float32], margin: int) -> Mask:
    """Where `matte` is 1, less `margin` pixels at its edge."""
    full = (matte > 0.995).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.erode(full, kernel, borderType=cv2.BORDER_REPLICATE) > 0)


def outside(matte: NDArray[np.float32], reach: float) -> Mask:
    """Where `matte` is 0 everywhere within `reach` pixels."""
    radius = int(np.ceil(reach))
    some = (matte > 0).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(some, kernel) == 0)


def _inside(frames: Frames, mask: Mask) -> NDArray[np.uint8]:
    return frames[:, mask]


def _detail(frame: NDArray[np.uint8], mask: Mask) -> float:
    calm = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 0.8)
    return float(cv2.Laplacian(calm, cv2.CV_32F)[mask].var())
