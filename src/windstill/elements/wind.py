"""Where the wind of a scene blows to."""

from __future__ import annotations

import cv2
import numpy as np

from windstill.elements.base import Scene
from windstill.options import Options

# Clouds that also come a little nearer read as weather; a purely sideways drift reads as a slide.
APPROACH_DEGREES = 14.0


def wind_degrees(scene: Scene, options: Options) -> float:
    """Direction the wind blows to, in degrees counter-clockwise from the picture's right.

    0 is right, 90 up (clouds rise from the horizon and come nearer), 180 left, 270 away. The
    caller's choice where there is one; otherwise away from the brighter side of the sky (of the
    whole picture if there is no sky), where the sun is, and a little towards the viewer.
    """
    if options.wind_degrees is not None:
        return options.wind_degrees % 360.0
    return APPROACH_DEGREES if _brighter_left(scene) else 180.0 - APPROACH_DEGREES


def _brighter_left(scene: Scene) -> bool:
    # A few pixels tell as much about brightness as all of them.
    step = max(1, min(scene.planes.shape) // 128)
    few = np.s_[step // 2 :: step, step // 2 :: step]
    luma, sky = (
        cv2.resize(plane[few].astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
        for plane in (scene.planes.y, scene.mattes.sky)
    )
    weight = sky if sky.any() else np.ones_like(luma)
    across = np.linspace(-1, 1, 32, dtype=np.float32)
    mean_luma = float((luma * weight).sum() / weight.sum())
    mean_across = float((across * weight).sum() / weight.sum())
    lean = float(((luma - mean_luma) * (across - mean_across) * weight).sum())
    return lean < 0
