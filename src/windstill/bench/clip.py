"""One photo's loop with everything needed to judge it: raw and decoded frames, mattes, layers."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from windstill import video
from windstill.imaging.planes import Planes, from_rgb
from windstill.options import Options
from windstill.perceive.mattes import Mattes
from windstill.photo import Photo
from windstill.pipeline import stage_of
from windstill.render import Stage, paint_all


@dataclass(frozen=True)
class Clip:
    """A rendered loop.

    still: the photo's planes. raw: luma of the frames handed to the encoder, uint8 (N, H, W).
    mattes: at the frames' size. reach: the largest of the layers' reaches, pixels.
    """

    still: Planes
    raw: NDArray[np.uint8]
    mattes: Mattes
    stage: Stage
    options: Options

    @property
    def reach(self) -> float:
        """How far from its matte an element may change a pixel."""
        return max((layer.reach for layer in self.stage.layers), default=0.0)

    def decoded(self) -> NDArray[np.uint8]:
        """Luma of the encoded file's frames, uint8 (N, H, W), as a player shows them."""
        encoded = video.encode(
            paint_all(self.stage),
            frame_count=self.stage.frames,
            format=self.options.format,
            fps=self.options.fps,
        )
        with av.open(io.BytesIO(encoded.data or b""), "r") as container:
            frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
        # Below the luma rows come the chroma planes.
        return np.stack(frames).astype(np.uint8, copy=False)[:, : self.raw.shape[1]]


def render(photo: Photo, found: Mattes, options: Options) -> Clip:
    """Renders the loop of `photo` with the mattes found in it."""
    still = from_rgb(photo.rgb)
    stage = stage_of(photo, found, options)
    raw = np.stack([canvas.y.copy() for canvas in paint_all(stage)])
    return Clip(still, raw, found.padded(still.shape), stage, options)
