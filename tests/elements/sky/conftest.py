"""Skies to move: a photo with drawn clouds behind its foreground, and photos with labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_sample_image

from windstill.elements.base import Breeze, Lifted, Scene
from windstill.elements.sky import Sky
from windstill.elements.wind import wind_degrees
from windstill.imaging.noise import smooth_noise
from windstill.imaging.planes import Planes, from_rgb
from windstill.options import Options
from windstill.perceive.mattes import Mattes

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

LABELLED = Path(__file__).parents[4] / "shared" / "data" / "eval" / "sky"


def scene_of(rgb: U8, matte: F32) -> Scene:
    planes = from_rgb(rgb)
    none = np.zeros(planes.shape, np.float32)
    edges = [(0, whole - part) for whole, part in zip(planes.shape, matte.shape, strict=True)]
    return Scene(planes, Mattes(np.pad(matte, edges, mode="edge"), none, none))


def soft(label: NDArray[np.bool_]) -> F32:
    """A hard label as a matte: soft over a few pixels, exact 0 and 1 away from the border."""
    blurred = cv2.GaussianBlur(label.astype(np.float32), (7, 7), 0)
    return np.where(blurred < 0.01, 0, np.where(blurred > 0.99, 1, blurred)).astype(np.float32)


def china() -> tuple[U8, F32]:
    """A pagoda under a hazy sky (scikit-learn's sample), and the sky's matte."""
    rgb = load_sample_image("china.jpg").copy()
    luma = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1)
    bright = (luma > 150).astype(np.uint8)
    bright[200:] = 0
    _, labels = cv2.connectedComponents(bright)
    return rgb, soft(labels == labels[0, 0])


def clouds(height: int, width: int, seed: int = 1) -> U8:
    """Hard-edged white clouds on blue, RGB."""
    rng = np.random.default_rng(seed)
    cover = sum(
        weight * smooth_noise((height, width), size * width, rng)
        for size, weight in ((0.3, 1.0), (0.1, 0.5), (0.04, 0.25), (0.015, 0.12))
    )
    share = np.clip((cover - 0.1) * 3, 0, 1)[..., None]
    blue = np.linspace((60, 110, 190), (150, 185, 225), height)[:, None]
    white = 205 + 18 * smooth_noise((height, width), 0.03 * width, rng)[..., None]
    grain = rng.normal(0, 0.7, (height, width, 1))
    return np.clip(blue * (1 - share) + white * share + grain, 0, 255).astype(np.uint8)


# How much of its contrast the sky keeps in the lake.
DIMMED = 0.7


def lake(ripples: float = 0.0) -> tuple[U8, F32]:
    """Soft clouds over hills, and a lake from half the height on that mirrors both."""
    shore, width = 240, 640
    rng = np.random.default_rng(3)
    sky = cv2.GaussianBlur(clouds(shore, width, 5), (0, 0), 4)
    ridge = (
        190 + 25 * smooth_noise((1, width), 90, rng)[0] + 6 * smooth_noise((1, width), 9, rng)[0]
    )
    land = np.arange(shore)[:, None] > ridge
    texture = 60 + 18 * smooth_noise((shore, width), 7, rng)[..., None] * np.ones(3)
    upper = np.where(land[..., None], texture, sky)
    lower = DIMMED * upper[::-1] + 8
    lower += ripples * smooth_noise((shore, width), 6, rng)[..., None]
    matte = np.zeros((2 * shore, width), np.float32)
    matte[:shore][~land] = 1
    return np.vstack([upper, lower]).clip(0, 255).astype(np.uint8), matte


def cloudy_china() -> tuple[U8, F32]:
    rgb, matte = china()
    sky = clouds(*matte.shape)
    mixed = sky * matte[..., None] + rgb * (1 - matte[..., None])
    return np.rint(mixed).astype(np.uint8), matte


def labelled(name: str) -> tuple[U8, F32]:
    picture = LABELLED / f"{name}.webp"
    if not picture.exists():
        pytest.skip(f"{picture.name} is not here")
    rgb = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    label = cv2.imread(str(picture.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
    height, width = (side & ~1 for side in label.shape)
    return rgb[:height, :width], soft(label[:height, :width] > 127)


@dataclass
class Loop:
    """A rendered loop: its luma frames and all that it was made of."""

    scene: Scene
    matte: F32
    lifted: Lifted
    luma: U8
    first: Planes


def breeze_for(scene: Scene, **choices: object) -> Breeze:
    options = Options(**{"seconds": 2, "fps": 12, **choices})  # type: ignore[arg-type]
    return Breeze(options.frame_count, wind_degrees(scene, options), options)


def render(rgb: U8, matte: F32, **choices: object) -> Loop:
    scene = scene_of(rgb, matte)
    breeze = breeze_for(scene, **choices)
    lifted = Sky().lift(scene, breeze)
    assert lifted.layer is not None
    frames, first = [], None
    for frame in range(breeze.frames):
        canvas = lifted.behind.planes.copy()
        lifted.layer.paint(frame, canvas)
        first = first or canvas
        frames.append(canvas.y)
    assert first is not None
    return Loop(scene, scene.mattes.sky, lifted, np.stack(frames), first)


PICTURES: dict[str, Callable[[], tuple[U8, F32]]] = {
    "cloudy china": cloudy_china,
    "clouds alone": lambda: (clouds(360, 480), np.ones((360, 480), np.float32)),
    "cumulus": lambda: labelled("dpst/" + _named(14)),
    "ship under cloud": lambda: labelled("dpst/" + _named(23)),
    "harbour": lambda: labelled("ade/" + _named(34, "ade")),
}


def _named(index: int, folder: str = "dpst") -> str:
    """The name of the labelled picture of that index, in order of names."""
    names = sorted(path.stem for path in (LABELLED / folder).glob("*.webp"))
    if index >= len(names):
        pytest.skip("the labelled skies are not here")
    return names[index]


@pytest.fixture(scope="package", params=PICTURES)
def loop(request: pytest.FixtureRequest) -> Loop:
    return render(*PICTURES[request.param]())
