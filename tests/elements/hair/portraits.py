"""Drawn heads whose hair, background and mattes are known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Lifted, Scene
from windstill.elements.hair import Hair
from windstill.imaging.planes import Planes, from_rgb
from windstill.options import Options
from windstill.perceive.mattes import Mattes

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Portrait:
    """A picture, its mattes, and the same picture without the hair."""

    scene: Scene
    bare: Planes

    @property
    def hair(self) -> F32:
        return self.scene.mattes.hair

    @property
    def face(self) -> F32:
        return self.scene.mattes.face

    @property
    def diagonal(self) -> float:
        return float(np.hypot(*self.hair.shape))


def portrait(
    *,
    length: float,
    front: bool = True,
    heads: int = 1,
    sky: bool = False,
    height: int = 300,
    low: float = 0.0,
    zoom: float = 1.0,
) -> Portrait:
    """Heads side by side whose hair hangs `length` heads below the middle of the face.

    front: whether faces are seen. zoom: makes heads and picture larger. low: moves everything
    down, as a share of the height.
    """
    height, width = round(height * zoom), round(260 * heads * zoom)
    rng = np.random.default_rng(5)
    hair, face = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for number in range(heads):
        x, y = int((130 + 260 * number) * zoom), int(height * (0.28 + low))
        _draw_head(hair, face, (x, y), 100 * zoom, length, front)
    hair = np.clip(1.4 * cv2.GaussianBlur(hair, (0, 0), 1.6) - 0.2, 0, 1)
    face = np.minimum(np.clip(1.4 * cv2.GaussianBlur(face, (0, 0), 1.0) - 0.2, 0, 1), 1 - hair)
    behind = _blue(rng, height, width) if sky else _wall(rng, height, width)
    skin = np.array([205, 160, 135], np.float32) + 4 * rng.standard_normal((height, width, 1))
    bare = behind + (face > 0)[..., None] * (skin - behind)
    rgb = bare + hair[..., None] * (_strands(rng, height, width) - bare)
    matte = np.where(face > 0.5, 0, 1 - hair) * sky
    mattes = Mattes(matte.astype(np.float32), hair, face)
    return Portrait(Scene(from_rgb(_u8(rgb)), mattes), from_rgb(_u8(bare)))


def lifted(picture: Portrait, **options: object) -> tuple[Lifted, Options]:
    chosen = Options(**{"seconds": 2, "fps": 12, **options})
    wind = chosen.wind_degrees or 0.0
    return Hair().lift(picture.scene, Breeze(chosen.frame_count, wind, chosen)), chosen


def frames(result: Lifted, count: int) -> list[Planes]:
    """All frames of a loop of hair alone."""
    assert result.layer is not None
    painted = []
    for frame in range(count):
        canvas = result.behind.planes.copy()
        result.layer.paint(frame, canvas)
        painted.append(canvas)
    return painted


def luma(painted: list[Planes]) -> U8:
    return np.stack([canvas.y for canvas in painted])


def _draw_head(
    hair: F32, face: F32, place: tuple[int, int], size: float, length: float, front: bool
) -> None:
    x, y = place

    def scaled(*shares: float) -> tuple[int, ...]:
        return tuple(round(share * size) for share in shares)

    half, wide = scaled(0.42, 0.55)
    cv2.ellipse(hair, place, scaled(0.42, 0.48), 0, 0, 360, 1.0, -1)
    if length <= 0:
        hair[y + 2 :, x - wide : x + wide] = 0
    else:
        bottom = y + round(length * size)
        outline = [(x - half, y), (x + half, y), (x + wide, bottom), (x - wide, bottom)]
        cv2.fillPoly(hair, [np.array(outline, np.int32)], 1.0)
    if front:
        cv2.ellipse(face, (x, y + round(0.14 * size)), scaled(0.31, 0.42), 0, 0, 360, 1.0, -1)
        hair[face > 0] = 0


def _strands(rng: np.random.Generator, height: int, width: int) -> F32:
    noise = rng.standard_normal((height, width)).astype(np.float32)
    lines = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.9, sigmaY=14)
    lines *= 26 / lines.std()
    return np.array([95, 62, 40], np.float32) + lines[..., None]


def _wall(rng: np.random.Generator, height: int, width: int) -> F32:
    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 1.5)
    shade = np.linspace(150, 200, width, dtype=np.float32)[None, :, None]
    return shade + 30 * noise[..., None] + np.array([10, 0, -15], np.float32)


def _blue(rng: np.random.Generator, height: int, width: int) -> F32:
    clouds = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 9)
    clouds *= 25 / clouds.std()
    return np.array([130, 165, 205], np.float32) + clouds[..., None]


def _u8(rgb: F32) -> U8:
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
