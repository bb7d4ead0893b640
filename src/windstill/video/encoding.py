"""Frames in, a finished file out: the one way to write a loop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from windstill.errors import EncoderError, InvalidOption
from windstill.imaging.planes import Planes, to_rgb
from windstill.options import CODECS, Quality
from windstill.video.changes import NO_STEP, Step, step
from windstill.video.formats import ENCODED, Container, container
from windstill.video.jpeg_segments import as_jpeg
from windstill.video.live_photo import live_photo
from windstill.video.motion_photo import motion_photo
from windstill.video.overlap import Overlap
from windstill.video.part_file import is_output_failure, output_error, part_file
from windstill.video.picture_sink import PictureSink
from windstill.video.plan import Frame, Plan, Sink
from windstill.video.plane_sink import PlaneSink
from windstill.video.sequence_sink import SequenceSink

DEFAULT_THREADS = 2
"""A fixed number, so that the same frames give the same bytes wherever the encoder's output
depends on it; more gain little at these sizes."""


@dataclass(frozen=True)
class Encoded:
    """A finished file.

    path: where it is, or None when no path was given; then `data` holds its bytes. width,
    height, frames, fps: as encoded, so the reduced ones for GIF and WebP. seconds: of one loop.
    repeats: how often the loop follows itself in the file. size: in bytes.
    """

    path: Path | None
    data: bytes | None = field(repr=False)
    format: str
    mime: str
    codec: str
    width: int
    height: int
    frames: int
    fps: float
    seconds: float
    repeats: int
    size: int


def encode(
    frames: Iterable[Frame],
    *,
    output: str | os.PathLike[str] | None = None,
    frame_count: int,
    fps: int | Fraction,
    format: str = "mp4",
    codec: str | None = None,
    quality: Quality = "normal",
    repeats: int = 1,
    loops: int = 0,
    threads: int | None = None,
    still: bytes | None = None,
) -> Encoded:
    """Encodes one loop, pulling its frames one by one.

    frames: `frame_count` pictures of one even size, or uint8 RGB (H, W, 3) of any size for a
    container of full colour; each may be the same buffer, painted anew.
    output: the file to write, replaced in one step when the new one is complete; None gives the
    bytes back. codec: one of the container's; None or "auto" is its default. quality: fidelity
    against size, as in `windstill.options`.
    repeats: write the loop so often, from the packets of its one encoding. loops: how often a GIF
    or WebP wants to be played; 0 is for ever. threads: of the encoder. still: the photo as a JPEG,
    for formats that are the photo with its film; None: the first frame.

    `frames` is pulled in the calling thread; encoding runs beside it in another, which has ended
    when this returns or raises. No frame is kept, whatever `frame_count` is; coded packets are if
    they are repeated. Raises `InvalidOption`, `OutputError`, `EncoderError`, and whatever
    `frames` raises; nothing new is left on the disk then.
    """
    chosen = container(format)
    if not chosen.encoded:
        raise InvalidOption(
            f"format is {format!r}; allowed for frames: {', '.join(ENCODED)}.", field="format"
        )
    film = container(chosen.film) if chosen.film else chosen
    codec = _codec_of(chosen, codec)
    _check_repeats(chosen, repeats)
    iterator = iter(frames)

    def write(part: Path, target: Path) -> Sink:
        # The first frames are only rendered once the target is known to be writable.
        first_frames, moved = _first_frames(iterator)
        height, width = first_frames[0].shape[:2]
        plan = Plan(
            film,
            codec,
            width,
            height,
            frame_count,
            Fraction(fps),
            threads or DEFAULT_THREADS,
            repeats,
            loops,
            moved,
            quality,
        )
        sink = _write(chain(first_frames, iterator), part, target, plan)
        if chosen.film:
            picture = as_jpeg(_rgb(first_frames[0])) if still is None else still
            with _errors_about(target):
                _carry(chosen, picture, part, target.stem)
        return sink

    if output is None:
        with tempfile.TemporaryDirectory(prefix="windstill-") as folder:
            part = Path(folder, f"loop{chosen.extension}")
            sink = write(part, part)
            return _encoded(
                sink, chosen, codec, frame_count / Fraction(fps), repeats, data=part.read_bytes()
            )
    target = Path(output)
    with part_file(target) as part:
        sink = write(part, target)
    return _encoded(sink, chosen, codec, frame_count / Fraction(fps), repeats, path=target)


def _first_frames(frames: Iterator[Frame]) -> tuple[list[Frame], Step]:
    """The first two frames, or the only one, and how far the second is from the first."""
    first = next(frames).copy()
    second = next(frames, None)
    if second is None:
        return [first], NO_STEP
    if not isinstance(first, Planes) or not isinstance(second, Planes):
        return [first, second], NO_STEP
    return [first, second], step(first, second)


def _carry(chosen: Container, picture: bytes, part: Path, name: str) -> None:
    """Replaces the film in `part` by the photo that carries it."""
    film = part.read_bytes()
    if chosen.name == "motion_photo":
        part.write_bytes(motion_photo(picture, film))
    else:
        part.write_bytes(live_photo(picture, film, name))


def _rgb(frame: Frame) -> NDArray[np.uint8]:
    return to_rgb(frame) if isinstance(frame, Planes) else frame


def _check_repeats(chosen: Container, repeats: int) -> None:
    if repeats != 1 and not (chosen.repeats and repeats >= 1):
        raise InvalidOption(
            f"repeats is {repeats}; allowed: from 1 for {', '.join(CODECS)}, else 1.",
            field="repeats",
        )


def _codec_of(chosen: Container, codec: str | None) -> str:
    if codec is None or codec == "auto":
        return chosen.codecs[0]
    if codec not in chosen.codecs:
        allowed = ", ".join(chosen.codecs)
        raise InvalidOption(
            f"codec is {codec!r}; allowed in {chosen.name}: {allowed}.", field="codec"
        )
    return codec


def _write(frames: Iterator[Frame], part: Path, target: Path, plan: Plan) -> Sink:
    """Writes all of `frames` to `part`; messages speak of `target`."""

    def work(item: Any) -> None:
        with _errors_about(target):
            sink.write(item)

    with _errors_about(target):
        sink = _sink(part, plan)
    try:
        with Overlap(work) as encoder:
            count = 0
            for count, planes in enumerate(frames, start=1):
                item = sink.accept(count - 1, planes)
                if item is not None:
                    encoder.put(item)
        if count != plan.frame_count:
            raise ValueError(f"{count} frames came instead of {plan.frame_count}")
        with _errors_about(target):
            sink.finish()
    except BaseException:
        sink.abort()
        raise
    return sink


def _sink(part: Path, plan: Plan) -> Sink:
    if plan.container.full_colour:
        return SequenceSink(part, plan)
    return (PlaneSink if plan.container.repeats else PictureSink)(part, plan)


def _encoded(
    sink: Sink,
    chosen: Container,
    codec: str,
    seconds: Fraction,
    repeats: int,
    *,
    path: Path | None = None,
    data: bytes | None = None,
) -> Encoded:
    return Encoded(
        path=path,
        data=data,
        format=chosen.name,
        mime=chosen.mime,
        codec=codec,
        width=sink.width,
        height=sink.height,
        frames=sink.frame_count,
        fps=float(sink.frame_count / seconds),
        seconds=float(seconds),
        repeats=repeats,
        size=len(data) if data is not None else path.stat().st_size if path else 0,
    )


@contextmanager
def _errors_about(target: Path) -> Iterator[None]:
    """Turns failures of FFmpeg and of the disk into this package's errors."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        if isinstance(error, OSError) and is_output_failure(error):
            raise output_error(target, error) from error
        raise EncoderError(f"The video encoder failed: {error}.") from error
