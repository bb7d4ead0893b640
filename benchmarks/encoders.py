"""Encoders on loops of real photos: time, size, and what decoding leaves of loop and stillness.

    python benchmarks/encoders.py PHOTO:SKY [PHOTO:SKY ...] [--hair PHOTO] [--all] > table.md

SKY is the share of the photo's height, from the top, that drifts as a sky. Every variant encodes
the same frames, held in memory; all figures are of the decoded luma.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes, from_rgb
from windstill.video import FORMATS, settings
from windstill.video.changes import step
from windstill.video.overlap import Overlap
from windstill.video.plan import Plan
from windstill.video.plane_sink import PlaneSink

FPS = 24
FRAMES = 96


@dataclass(frozen=True)
class Clip:
    """A finished loop. mask: bool (H, W), what moves; still: bool (H, W), what never does."""

    name: str
    frames: list[Planes]
    mask: NDArray[np.bool_]
    still: NDArray[np.bool_]


def read(path: str, width: int, height: int) -> NDArray[np.uint8]:
    """A photo cut and scaled to the size."""
    picture = cv2.imread(path)
    scale = max(width / picture.shape[1], height / picture.shape[0])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation)
    return cv2.cvtColor(np.ascontiguousarray(picture[:height, :width]), cv2.COLOR_BGR2RGB)


def sky_clip(path: str, share: float, width: int, height: int) -> Clip:
    """The top of a photo drifting: two streams half a loop apart, crossfaded, with perspective."""
    rgb = read(path, width, height).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    edge = share * height + 6 * np.sin(np.arange(width, dtype=np.float32) / 23)[None, :]
    matte = np.clip((edge - rows) / 6, 0, 1)
    grid_x, grid_y = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    speed = 0.1 * width * (1.2 - 0.9 * grid_y / (share * height))

    def stream(phase: float) -> tuple[NDArray[np.float32], float]:
        moved = cv2.remap(
            rgb,
            grid_x - (phase - 0.5) * speed,
            grid_y,
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return moved, 1 - abs(2 * phase - 1)

    frames = []
    for index in range(FRAMES):
        (one, first), (two, second) = (
            stream((index / FRAMES + start) % 1.0) for start in (0.5, 0.0)
        )
        weight = first / (first + second)
        sky = rgb + matte[..., None] * (weight * one + (1 - weight) * two - rgb)
        frames.append(from_rgb(np.clip(sky + 0.5, 0, 255).astype(np.uint8)))
    return Clip(f"sky {Path(path).stem}", _frozen(frames, matte > 0), matte > 0.5, matte == 0)


def hair_clip(path: str, width: int, height: int) -> Clip:
    """An ellipse of a photo swaying in two harmonics, still at its border."""
    rgb = read(path, width, height)
    grid_x, grid_y = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    distance = np.hypot((grid_x / width - 0.5) / 0.3, (grid_y / height - 0.5) / 0.45)
    matte = np.clip((1 - distance) * 2, 0, 1).astype(np.float32)
    frames = []
    for index in range(FRAMES):
        angle = 2 * np.pi * index / FRAMES - grid_y / height * 2
        sway = 0.006 * width * matte * (np.sin(angle) + 0.4 * np.sin(2 * angle + 1))
        frames.append(
            from_rgb(cv2.remap(rgb, grid_x - sway.astype(np.float32), grid_y, cv2.INTER_CUBIC))
        )
    return Clip(f"hair {Path(path).stem}", _frozen(frames, matte > 0), matte > 0.2, matte == 0)


def _frozen(frames: list[Planes], moving: NDArray[np.bool_]) -> list[Planes]:
    # Rounding differs nowhere outside the matte, as a finished loop's must not.
    chroma = cv2.resize(moving.astype(np.uint8), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    for frame in frames[1:]:
        for plane, first, mask in zip(
            (frame.y, frame.u, frame.v),
            (frames[0].y, frames[0].u, frames[0].v),
            (moving, chroma > 0, chroma > 0),
            strict=True,
        ):
            np.copyto(plane, first, where=~mask)
    return frames


def encode(clip: Clip, path: Path, container: str, codec: str, threads: int) -> tuple[float, float]:
    """Writes the clip with a codec of `settings.CODECS`; wall and CPU seconds."""
    height, width = clip.frames[0].shape
    plan = Plan(
        FORMATS[container],
        codec,
        width,
        height,
        len(clip.frames),
        Fraction(FPS),
        threads,
        step=step(clip.frames[0], clip.frames[1]),
    )
    wall, cpu = time.perf_counter(), time.process_time()
    sink = PlaneSink(path, plan)
    with Overlap(sink.write) as encoder:
        for index, planes in enumerate(clip.frames):
            encoder.put(sink.accept(index, planes))
    sink.finish()
    return time.perf_counter() - wall, time.process_time() - cpu


def decode(path: Path) -> NDArray[np.uint8]:
    """Luma of all frames, uint8 (N, H, W)."""
    with av.open(str(path)) as file:
        return np.stack([_luma(frame) for frame in file.decode(video=0)])


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return pixels[: frame.height, : frame.width].copy()


def figures(luma: NDArray[np.uint8], clip: Clip) -> dict[str, float]:
    """Seam to median and to largest step in the moving part, stillness in the rest."""
    moving = luma[:, clip.mask].astype(np.int16)
    steps = np.array([np.abs(moving[i] - moving[i - 1]).mean() for i in range(len(moving))])
    source = clip.frames[0].y[clip.still].astype(np.float32)
    still = luma[:, clip.still].astype(np.float32)
    error = ((still - source) ** 2).mean(axis=1)
    every = np.stack([frame.y[clip.mask] for frame in clip.frames]).astype(np.float32)
    return {
        "seam": steps[0] / np.median(steps[1:]),
        "seam/max": steps[0] / steps[1:].max(),
        "max/median": steps[1:].max() / np.median(steps[1:]),
        "still dB": 10 * np.log10(255**2 / max(error.max(), 1e-9)),
        "moving dB": 10
        * np.log10(255**2 / max(((moving.astype(np.float32) - every) ** 2).mean(), 1e-9)),
        "flicker": float(still.std(axis=0).mean()),
    }


_Variants = dict[str, tuple[str, int, str | settings.CodecSettings]]


def others() -> _Variants:
    """Settings that were tried and not chosen, by label: container, threads, settings."""
    equal = "ipratio=1:pbratio=1:mbtree=0:bframes=0:scenecut=0:rc-lookahead=0"
    tried: dict[str, tuple[str, str, dict[str, str]]] = {
        "x264 veryfast crf 20 as it comes": ("mp4", "libx264", {"preset": "veryfast", "crf": "20"}),
        "VP9 realtime 5 crf 15": (
            "webm",
            "libvpx-vp9",
            {"deadline": "realtime", "cpu-used": "5", "crf": "15", "b": "0", "lag-in-frames": "0"},
        ),
        "AV1 preset 10 crf 20": ("webm", "libsvtav1", {"preset": "10", "crf": "20"}),
        "MPEG-4 q 2, one keyframe": ("avi", "mpeg4", {"qmin": "2", "qmax": "2"}),
        "MJPEG q 3": ("avi", "mjpeg", {"qmin": "3", "qmax": "3", "strict": "unofficial"}),
    }
    for preset in ("ultrafast", "superfast", "veryfast"):
        for ratio in ("1", "1.4", "1.7"):
            for strength in ("0", "0.5", "1"):
                label = f"x264 {preset} crf 18 ip {ratio} aq {strength}"
                parameters = f"{equal}:ipratio={ratio}:aq-mode=1:aq-strength={strength}"
                tried[label] = (
                    "mp4",
                    "libx264",
                    {"preset": preset, "crf": "18", "x264-params": parameters},
                )
    return {
        label: (container, 2, settings.CodecSettings(encoder, options))
        for label, (container, encoder, options) in tried.items()
    }


def chosen() -> _Variants:
    """The settings that Windstill uses, by label."""
    return {
        f"**{entry.name} {codec}**": (entry.name, 2, codec)
        for entry in FORMATS.values()
        if entry.max_side is None
        for codec in entry.codecs
    }


def measure(clips: list[Clip], trials: _Variants, repeats: int) -> Iterator[str]:
    """Rows of a Markdown table."""
    names = ["seam", "seam/max", "max/median", "still dB", "moving dB", "flicker"]
    yield "| clip | settings | threads | ms/frame | cpu ms | KiB | " + " | ".join(names) + " |"
    yield "|---" * (6 + len(names)) + "|"
    for clip in clips:
        raw = figures(np.stack([frame.y for frame in clip.frames]), clip)
        yield f"| {clip.name} | raw | | | | | " + " | ".join(f"{raw[n]:.2f}" for n in names) + " |"
        for label, (container, threads, trial) in trials.items():
            codec = trial if isinstance(trial, str) else "trial"
            if not isinstance(trial, str):
                settings.CODECS["trial"] = trial
            yield _row(clip, label, container, codec, threads, names, repeats)


def _row(
    clip: Clip,
    label: str,
    container: str,
    codec: str,
    threads: int,
    names: list[str],
    repeats: int,
) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"clip.{container}")
        spent = [encode(clip, path, container, codec, threads) for _ in range(repeats)]
        wall, cpu = (
            np.median(column) / len(clip.frames) * 1000 for column in zip(*spent, strict=True)
        )
        found = figures(decode(path), clip)
        size = os.path.getsize(path) / 1024
    row = " | ".join(f"{found[name]:.2f}" for name in names)
    return f"| {clip.name} | {label} | {threads} | {wall:.1f} | {cpu:.1f} | {size:.0f} | {row} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skies", nargs="*", metavar="PHOTO:SKY")
    parser.add_argument("--hair", action="append", default=[], metavar="PHOTO")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--all", action="store_true", help="other settings too")
    parser.add_argument("--only", default="", help="settings whose label has this in it")
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    clips = []
    for sky in arguments.skies:
        path, share = sky.rsplit(":", 1)
        clips.append(sky_clip(path, float(share), width, height))
    clips += [hair_clip(path, width, height) for path in arguments.hair]
    trials = {**chosen(), **(others() if arguments.all else {})}
    trials = {label: trial for label, trial in trials.items() if arguments.only in label}
    for line in measure(clips, trials, arguments.repeats):
        print(line, flush=True)


if __name__ == "__main__":
    main()
