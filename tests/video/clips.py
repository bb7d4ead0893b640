"""Small loops, and what is found when a file is decoded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill.imaging.planes import Planes, from_rgb

WIDTH, HEIGHT, FRAMES, FPS = 160, 96, 24, 12
HORIZON = 48


def still() -> Planes:
    """A smooth sky over rough ground."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    sky = 170 + 30 * np.sin(2 * np.pi * x / WIDTH) * np.cos(y / 14) + 8 * np.sin(x / 2.5 + y / 3)
    ground = np.kron(rng.integers(40, 160, (HEIGHT // 4, WIDTH // 4)), np.ones((4, 4)))
    grey = np.where(y < HORIZON, sky, ground)
    return from_rgb(np.stack([grey * 0.8, grey * 0.9, grey], axis=2).astype(np.uint8))


def drift(frames: int = FRAMES) -> Iterator[Planes]:
    """The sky turning once around the picture's width per loop; always the same buffer."""
    rest = still()
    canvas = rest.copy()
    for index in range(frames):
        shift = index * WIDTH // frames // 2 * 2
        canvas.y[:HORIZON] = np.roll(rest.y[:HORIZON], shift, axis=1)
        canvas.u[: HORIZON // 2] = np.roll(rest.u[: HORIZON // 2], shift // 2, axis=1)
        canvas.v[: HORIZON // 2] = np.roll(rest.v[: HORIZON // 2], shift // 2, axis=1)
        yield canvas


@dataclass(frozen=True)
class Decoded:
    """luma: uint8 (N, H, W). rate: frames per second. duration: seconds, as the file says."""

    luma: NDArray[np.uint8]
    rate: Fraction
    duration: float
    streams: int
    codec: str
    pixels: str
    colours: tuple[int, int, int, int]
    keyframes: int
    metadata: dict[str, str]


def decode(path: Path) -> Decoded:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        frames = list(file.decode(stream))
        context = stream.codec_context
        return Decoded(
            luma=np.stack([frame.to_ndarray(format="yuv420p")[: frame.height] for frame in frames]),
            rate=stream.average_rate,
            duration=file.duration / av.time_base,
            streams=len(file.streams),
            codec=context.name,
            pixels=context.pix_fmt,
            colours=(
                context.colorspace,
                context.color_primaries,
                context.color_trc,
                context.color_range,
            ),
            keyframes=sum(frame.key_frame for frame in frames),
            metadata={**file.metadata, **stream.metadata},
        )


@dataclass(frozen=True)
class DecodedPicture:
    """rgb: uint8 (N, H, W, 3). durations: milliseconds. loop: 0 is endless."""

    rgb: NDArray[np.uint8]
    durations: list[int]
    loop: int


def decode_picture(path: Path) -> DecodedPicture:
    frames, durations = [], []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
        return DecodedPicture(np.stack(frames), durations, image.info["loop"])


def seam(luma: NDArray[np.uint8]) -> float:
    """The sky's step from the last frame to the first, against the median step."""
    sky = luma[:, :HORIZON].astype(np.int16)
    steps = np.abs(sky - np.roll(sky, 1, axis=0)).mean(axis=(1, 2))
    return float(steps[0] / np.median(steps[1:]))


def stillness(luma: NDArray[np.uint8]) -> float:
    """Worst frame's PSNR of the ground, in decibels."""
    ground = slice(HORIZON + 4, None)
    difference = luma[:, ground].astype(np.float64) - still().y[ground]
    return float(10 * np.log10(255**2 / max(1e-9, (difference**2).mean(axis=(1, 2)).max())))
