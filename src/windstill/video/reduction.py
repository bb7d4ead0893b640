"""Fewer and smaller frames for formats whose files would be too large otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes, to_rgb
from windstill.video.plan import Plan

_SLOWEST = 8
"""Frames per second below which motion is no longer seen as smooth."""


@dataclass(frozen=True)
class Reduction:
    """width, height: of the reduced frames, even. kept: indices of the frames that stay."""

    width: int
    height: int
    kept: tuple[int, ...]

    def apply(self, planes: Planes) -> NDArray[np.uint8]:
        """`planes` at the reduced size, uint8 RGB (height, width, 3); still parts stay still."""
        if planes.shape == (self.height, self.width):
            return to_rgb(planes)
        half = self.width // 2, self.height // 2
        return to_rgb(
            Planes(
                _shrunk(planes.y, (self.width, self.height)),
                _shrunk(planes.u, half),
                _shrunk(planes.v, half),
            )
        )


def reduce(plan: Plan) -> Reduction:
    """How the frames of `plan` are reduced to what its container takes."""
    width, height = plan.width, plan.height
    limit = plan.container.max_side
    if limit is not None and max(width, height) > limit:
        scale = limit / max(width, height)
        width, height = (max(2, 2 * round(side * scale / 2)) for side in (width, height))
    return Reduction(width, height, _kept(plan.frame_count, plan.fps, plan.container.max_fps))


def _kept(frame_count: int, fps: Fraction, max_fps: float | None) -> tuple[int, ...]:
    """Evenly spaced frames of the loop, at most `max_fps` of them a second.

    The spacing is a divisor of the loop's length where there is one, so that the step over the
    seam is as long as any other; else the frames nearest to even spacing.
    """
    if max_fps is None or fps <= max_fps:
        return tuple(range(frame_count))
    for spacing in range(2, int(fps / _SLOWEST) + 1):
        if frame_count % spacing == 0 and fps / spacing <= max_fps:
            return tuple(range(0, frame_count, spacing))
    count = max(1, int(frame_count * Fraction(max_fps) / fps))
    return tuple(index * frame_count // count for index in range(count))


def _shrunk(plane: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
