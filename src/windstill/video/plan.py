"""What is to be written, decided before the first frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes
from windstill.options import Quality
from windstill.video.changes import NO_STEP, Step
from windstill.video.formats import Container


@dataclass(frozen=True)
class Plan:
    """One loop to encode.

    width, height: of the frames given. frame_count, fps: of the frames given. threads: of the
    encoder. repeats: how often the loop follows itself in the file. loops: how often the file
    wants to be played; 0 is for ever. step: how much changes from one frame to the next.
    quality: see `windstill.options`.
    """

    container: Container
    codec: str
    width: int
    height: int
    frame_count: int
    fps: Fraction
    threads: int
    repeats: int = 1
    loops: int = 0
    step: Step = NO_STEP
    quality: Quality = "normal"

    @property
    def seconds(self) -> Fraction:
        """Length of the loop."""
        return self.frame_count / self.fps


Frame = Planes | NDArray[np.uint8]
"""One picture: planes, or uint8 RGB (H, W, 3) where the container takes full colour."""


class Sink(Protocol):
    """A file being written.

    width, height, frame_count: as encoded. `accept` is called beside the renderer, `write` and
    `finish` beside the encoder, in another thread.
    """

    width: int
    height: int
    frame_count: int

    def __init__(self, path: Path, plan: Plan) -> None: ...

    def accept(self, index: int, frame: Any) -> Any | None:
        """What `write` needs of frame `index`, copied; None if the frame is left out."""

    def write(self, item: Any) -> None:
        """Encodes one frame."""

    def finish(self) -> None:
        """Writes what the encoder still holds, and completes the file."""

    def abort(self) -> None:
        """Lets go of the file, whatever state it is in."""
