"""All figures of one picture's loop, by Windstill and by the baselines, raw and decoded."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from windstill import video
from windstill.bench import baselines, hair_quality, halo, metrics, motion, sky_quality
from windstill.bench.picture_set import OPERATIONS
from windstill.imaging.planes import Planes, from_rgb, to_rgb
from windstill.options import Options
from windstill.perceive import perceive
from windstill.perceive.mattes import Mattes
from windstill.photo import read_photo
from windstill.pipeline import stage_of
from windstill.render import Stage, paint_all

SIDE = 720
METHODS = {
    "sky": ("windstill", "eulerian", "flow_map"),
    "hair": ("windstill", "sine", "displace"),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Take:
    """A loop by one method.

    frames: all its planes. cpu: seconds that they took. field: the motion meant; worst: its
    largest displacements, for folds. reach: how far from the matte pixels may change. travel: how
    far away anything shown may come from, pixels. rest: the luma that the method means to leave
    where it is while the rest moves through it, float32 (H, W); None if it moves everything.
    """

    frames: list[Planes]
    cpu: float
    field: motion.Field
    worst: list[NDArray[np.float32]]
    reach: float
    travel: float
    rest: NDArray[np.float32] | None


@dataclass(frozen=True)
class Subject:
    """A photo, its mattes, and Windstill's motion of it, which the baselines share."""

    moves: str
    still: Planes
    mattes: Mattes
    stage: Stage
    options: Options
    setup: float

    @property
    def matte(self) -> NDArray[np.float32]:
        """The matte of what moves."""
        found: NDArray[np.float32] = getattr(self.mattes, self.moves)
        return found


def subject(path: Path, moves: str, seconds: float = 4.0) -> Subject:
    """Reads a photo, at most `SIDE` pixels long, and prepares its motion."""
    photo = read_photo(path).fit(SIDE)
    options = Options.parse({"operation": OPERATIONS[moves], "seconds": seconds})
    still = from_rgb(photo.rgb)
    found = perceive(photo.rgb)
    begun = time.process_time()
    stage = stage_of(photo, found, options)
    spent = time.process_time() - begun
    return Subject(moves, still, found.padded(still.shape), stage, options, spent)


def take(of: Subject, method: str) -> Take:
    """The loop by `method`; its CPU seconds count Windstill's set-up, and no encoding."""
    shape, count = of.still.shape, of.stage.frames
    reach = max((layer.reach for layer in of.stage.layers), default=0.0)
    field = motion.intended(of.stage, shape)
    spent = of.setup if method == "windstill" else 0.0
    if of.moves == "hair":
        place = partial(_hair_at, of)
        worst = [place(moment) for moment in np.arange(8) / 8]
        amplitude = float(np.percentile(np.abs(np.stack(worst))[:, of.matte > 0.5], 98))
        makers = {
            "windstill": lambda: paint_all(of.stage),
            "displace": lambda: baselines.displace(of.still, of.matte, place, count),
            "sine": lambda: baselines.sine(of.still, of.matte, amplitude, count),
        }
        if method == "sine":
            field, worst = _sine_field(of.matte, amplitude, count)
            reach = max(reach, amplitude + 20)
    else:
        velocity = field(0, 1)
        worst = [velocity * np.float32(count / 2)]
        makers = {
            "windstill": lambda: paint_all(of.stage),
            "eulerian": lambda: baselines.eulerian(of.still, of.matte, velocity, count),
            "flow_map": lambda: baselines.flow_map(of.still, of.matte, velocity, count),
        }
    begun = time.process_time()
    frames = [frame.copy() for frame in makers[method]()]
    spent += time.process_time() - begun
    travel = max(reach, *(movement.travel for movement in of.stage.movements))
    keeps = of.moves == "sky" and method == "windstill"
    rest = motion.still_luma(of.stage, of.still.y) if keeps else None
    return Take(frames, spent, field, worst, reach, travel, rest)


def measure(of: Subject, method: str, made: Take) -> Row:
    """Every figure of the loop; those of decoded frames end in `_dec`."""
    masks = _masks(of, made.reach)
    raw = np.stack([frame.y for frame in made.frames])
    seen = _decoded(made.frames, of.options)
    figures: Row = {
        "moves": of.moves,
        "method": method,
        "motion": ", ".join(movement.motion for movement in of.stage.movements),
        "cpu_ms": 1000 * made.cpu / len(made.frames),
        "folds": max(motion.folds(each, masks["inside"]) for each in made.worst),
    }
    for suffix, frames in (("", raw), ("_dec", seen)):
        for name, value in _figures(of, made, masks, frames).items():
            figures[name + suffix] = value
    if of.moves == "hair" and method == "windstill":
        figures |= hair_quality.figures(of.stage, of.still, of.matte)
    if of.moves == "sky":
        figures |= sky_quality.figures(seen, of.matte > 0.8, of.options.fps)
    return {name: _plain(value) for name, value in figures.items()}


def still_pictures(of: Subject, made: Take, moments: int = 4) -> list[NDArray[np.uint8]]:
    """The photo and the frames at equal distances, uint8 RGB, for a contact sheet."""
    places = np.linspace(0, len(made.frames), moments, endpoint=False).astype(int)[1:]
    return [to_rgb(of.still), *(to_rgb(made.frames[place]) for place in places)]


def _figures(
    of: Subject, made: Take, masks: dict[str, metrics.Mask], frames: metrics.Frames
) -> Row:
    inside, free, static, edge = (masks[name] for name in ("inside", "free", "static", "edge"))
    still = of.still.y
    crossing = metrics.seam(frames, inside)
    detail = metrics.sharpness(frames, still, masks["core"])
    clear = motion.textured(still, masks["clear"])
    enough = clear.sum() > 400
    return {
        "seam": crossing.to_median if of.moves == "sky" else crossing.to_largest,
        "sharp_mean": detail.mean(),
        "sharp_min": detail.min(),
        "pulse": metrics.pulse(detail),
        "flow": metrics.flow(frames, free) if free.any() else 0.0,
        "fidelity": motion.fidelity(frames, clear, made.field, made.rest)
        if enough
        else float("nan"),
        "held": masks["held"].sum() / max(masks["away"].sum(), 1) if of.moves == "sky" else 0.0,
        "leak": metrics.flow(frames, static) if static.any() else 0.0,
        "static_max": metrics.largest_change(frames, still, edge),
        "static_db": metrics.psnr(frames, still, static) if static.any() else float("nan"),
        "smooth_db": metrics.psnr(frames, still, masks["smooth"])
        if masks["smooth"].any()
        else float("nan"),
        "shimmer": metrics.shimmer(frames, static),
        "halo": halo.overshoot(
            frames, still, of.matte, travel=made.travel, revealing=of.moves == "hair"
        ),
        "flicker": metrics.flicker(frames, inside),
    }


def _masks(of: Subject, reach: float) -> dict[str, metrics.Mask]:
    free = metrics.core(of.matte, 2)
    if of.moves == "hair":
        free &= _free_half(of)
    static = metrics.outside(of.matte, max(reach, 12))
    moving = motion.moving_sky(of.stage, of.still.shape)
    # Beside a still skyline, or a cable, the search follows its edges.
    away = metrics.core(of.matte, 24)
    return {
        "inside": metrics.core(of.matte, 0),
        "core": metrics.core(of.matte, 6 if of.moves == "sky" else 4),
        "free": free,
        "away": away,
        "held": away & (moving < 0.5),
        "clear": away & metrics.core(moving, 24) if of.moves == "sky" else free,
        "edge": metrics.outside(of.matte, reach),
        "static": static,
        "smooth": metrics.smooth(of.still.y, static),
    }


def _free_half(of: Subject) -> metrics.Mask:
    """The hair that is meant to move at least half as far as the liveliest."""
    poses = [np.linalg.norm(_hair_at(of, moment), axis=2) for moment in np.arange(8) / 8]
    farthest = np.max(poses, axis=0)
    hair = of.matte > 0.5
    if not hair.any():
        return hair
    return np.asarray(farthest >= np.median(farthest[hair]))


def _hair_at(of: Subject, moment: float) -> NDArray[np.float32]:
    # The loop begins at the rest pose.
    return motion.intended(of.stage, of.still.shape)(0, round(moment * of.stage.frames))


def _sine_field(
    matte: NDArray[np.float32], amplitude: float, count: int
) -> tuple[motion.Field, list[NDArray[np.float32]]]:
    def at(moment: float) -> NDArray[np.float32]:
        return baselines.sine_displacement(matte, amplitude, moment)

    def between(begin: int, end: int) -> NDArray[np.float32]:
        return at(end / count) - at(begin / count)

    return between, [at(1 / 8), at(3 / 8)]


def _decoded(frames: list[Planes], options: Options) -> metrics.Frames:
    def same() -> Iterator[Planes]:
        yield from frames

    encoded = video.encode(same(), frame_count=len(frames), fps=options.fps)
    height = frames[0].shape[0]
    with av.open(io.BytesIO(encoded.data or b""), "r") as container:
        shown = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    # Below the luma rows come the chroma planes.
    return np.stack([np.asarray(frame[:height], np.uint8) for frame in shown])


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        # JSON knows neither NaN (nothing to measure) nor infinity (exact).
        return round(value, 6) if np.isfinite(value) else None
    return value


def thumbnail(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """`picture` shrunk to fit a square of `side` pixels, black beside it."""
    scale = side / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cell = np.zeros((side, side, 3), np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small[:side, :side]
    return cell
