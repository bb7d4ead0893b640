"""Photos made up for the preview, with mattes that are known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.elements.sky.conftest import lake
from windstill import Mattes
from windstill.imaging.noise import smooth_noise

U8 = NDArray[np.uint8]


def landscape(height: int = 200, width: int = 321) -> tuple[U8, Mattes]:
    """Clouds over a dark field; an odd width."""
    rng = np.random.default_rng(1)
    noise = sum(
        weight * smooth_noise((height, width), size, rng)
        for size, weight in ((60, 1.0), (25, 0.6), (9, 0.3), (4, 0.15))
    )
    cloud = np.clip(0.5 + 0.35 * np.asarray(noise), 0, 1)[..., None]
    picture = 255 * (cloud * [0.95, 0.95, 0.97] + (1 - cloud) * [0.35, 0.55, 0.85])
    ground = round(0.65 * height)
    picture[ground:] = [40, 60, 30] + 15 * rng.random((height - ground, width, 1))
    mattes = Mattes.empty((height, width))
    mattes.sky[:ground] = 1
    return picture.astype(np.uint8), mattes


def portrait(height: int = 320, width: int = 280) -> tuple[U8, Mattes]:
    """Long hair around a face, before clouds."""
    picture, mattes = landscape(height, width)
    rng = np.random.default_rng(2)
    hair, face = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    cv2.ellipse(hair, (140, 130), (75, 85), 0, 180, 360, 1, -1)
    cv2.rectangle(hair, (65, 130), (215, 285), 1, -1)
    cv2.ellipse(face, (140, 140), (42, 58), 0, 0, 360, 1, -1)
    hair[face > 0] = 0
    strands = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 1, sigmaY=9)
    strands = (strands - strands.mean()) / strands.std()
    soft = np.minimum(cv2.GaussianBlur(hair.astype(np.float32), (0, 0), 1.2), 1) * (1 - face)
    brown = np.array([90, 55, 30]) + 22 * strands[..., None]
    skin = np.array([215, 170, 145])
    picture = picture * (1 - soft[..., None]) + brown * soft[..., None]
    picture = np.where(face[..., None] > 0, skin, picture)
    mattes.hair[:] = soft
    mattes.face[:] = face
    mattes.sky[:] = np.minimum(mattes.sky, 1 - np.maximum(soft, face))
    return np.clip(picture, 0, 255).astype(np.uint8), mattes


def clear_day(height: int = 240, width: int = 360) -> tuple[U8, Mattes]:
    """A sky without any cloud over a dark field."""
    ground = round(0.7 * height)
    picture = np.full((height, width, 3), [95, 150, 215], np.uint8)
    picture[ground:] = [40, 60, 30]
    mattes = Mattes.empty((height, width))
    mattes.sky[:ground] = 1
    return picture, mattes


def mirror_lake() -> tuple[U8, Mattes]:
    """Clouds, hills, and a lake that mirrors both."""
    picture, sky = lake()
    mattes = Mattes.empty(sky.shape)
    mattes.sky[:] = sky
    return picture, mattes
