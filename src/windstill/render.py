"""A scene and its layers to frames, back to front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windstill.elements.base import Breeze, Element, Layer, Movement, Notice, Scene
from windstill.imaging.planes import Planes
from windstill.perceive.mattes import Mattes


@dataclass(frozen=True)
class Stage:
    """Everything that is computed once per job.

    backdrop, mattes: the scene behind all layers. layers: back to front.
    """

    backdrop: Planes
    layers: tuple[Layer, ...]
    frames: int
    movements: tuple[Movement, ...]
    notices: tuple[Notice, ...]
    mattes: Mattes

    def paint(self, frame: int, canvas: Planes) -> None:
        """Paints one frame, 0 <= frame < frames, on `canvas`, whatever it held before."""
        canvas.copy_from(self.backdrop)
        self._paint_layers(frame, canvas)

    def repaint(self, frame: int, canvas: Planes) -> None:
        """The same on a canvas on which this stage painted another frame last: what no layer can
        have touched is left as it is.
        """
        for layer in self.layers:
            canvas.crop(layer.region).copy_from(self.backdrop.crop(layer.region))
        self._paint_layers(frame, canvas)

    def _paint_layers(self, frame: int, canvas: Planes) -> None:
        for layer in self.layers:
            layer.paint(frame, canvas)


def set_stage(scene: Scene, elements: list[Element], breeze: Breeze) -> Stage:
    """Lifts `elements`, given front to back, off the scene."""
    layers: list[Layer] = []
    movements: list[Movement] = []
    notices: list[Notice] = []
    for element in elements:
        lifted = element.lift(scene, breeze)
        scene = lifted.behind
        movements.append(lifted.movement)
        notices.extend(lifted.notices)
        layers[:0] = [layer for layer in (lifted.layer, lifted.follower) if layer is not None]
    return Stage(
        scene.planes,
        tuple(layers),
        breeze.frames,
        tuple(movements),
        tuple(notices),
        scene.mattes,
    )


def paint_all(stage: Stage) -> Iterator[Planes]:
    """The frames of one loop, in order. Every one is the same buffer: read it, or copy it."""
    canvas = stage.backdrop.copy()
    for frame in range(stage.frames):
        stage.repaint(frame, canvas)
        yield canvas
