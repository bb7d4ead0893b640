"""What an element is to the renderer: something that can be lifted off a scene and made to move.

Elements are lifted front to back, each leaving the scene as it looks without it, and their layers
are painted back to front on that scene, so hair sways over the moving sky. A new element (water,
say) is one more folder beside this file and one more line in `windstill.elements`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from windstill.imaging.planes import Planes, Region
from windstill.options import Options
from windstill.perceive.mattes import Mattes


@dataclass(frozen=True)
class Scene:
    """A still picture and the mattes of what is in it, all at one even size.

    planes: what is seen once the elements in front are lifted off. mattes: float32 (H, W).
    """

    planes: Planes
    mattes: Mattes


@dataclass(frozen=True)
class Breeze:
    """What all elements share of one request, so that they move as in one wind.

    frames: frames of the loop. degrees: where the wind blows to, counter-clockwise from the
    picture's right. options: the caller's choices.
    """

    frames: int
    degrees: float
    options: Options

    def rng(self, element: str) -> np.random.Generator:
        """Random numbers that depend on the seed and the element only."""
        return np.random.default_rng([self.options.seed, *element.encode()])


@dataclass(frozen=True)
class Notice:
    """Something the caller should know: a stable code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Movement:
    """What one element does in the result.

    share: part of the frame's area that it covers, 0 to 1. motion: "drift", "sway",
    "procedural" or "none". travel: the largest displacement over the loop, in pixels.
    """

    element: str
    share: float
    motion: str
    travel: float = 0.0


class Layer(Protocol):
    """One element, ready to be painted at any frame of the loop.

    region: no pixel outside it is ever touched. reach: the largest distance, in pixels, at which
    a pixel outside the matte may change.
    """

    region: Region
    reach: float

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints frame `frame` (0 <= frame < frames) over `canvas`, in place.

        The canvas holds the scene behind, everything farther back already painted.
        """


@dataclass(frozen=True)
class Lifted:
    """An element taken off a scene. `layer` is None when it does not move. follower: what moves
    because it does, painted right after it."""

    layer: Layer | None
    behind: Scene
    movement: Movement
    notices: tuple[Notice, ...] = field(default=())
    follower: Layer | None = None


class Element(Protocol):
    """An element that can move."""

    name: str

    def lift(self, scene: Scene, breeze: Breeze) -> Lifted:
        """Takes the element off `scene` and prepares its motion.

        An element that is not there, or has nothing in it that could visibly move, comes back
        with no layer, the scene as it was, and a notice that says why.
        """
