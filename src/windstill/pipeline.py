"""The main path: bytes -> photo -> mattes -> motions -> frames -> video file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from windstill import video
from windstill.animation import Animation
from windstill.elements import FRONT_TO_BACK
from windstill.elements.base import Breeze, Scene
from windstill.elements.wind import wind_degrees
from windstill.errors import NothingToMove
from windstill.imaging.planes import from_rgb, to_rgb
from windstill.imaging.threads import give_back_memory, thread_limit
from windstill.options import Format, Options
from windstill.perceive import perceive
from windstill.perceive.given import GivenMattes, MatteSource, with_given
from windstill.perceive.mattes import Mattes
from windstill.photo import Limits, Photo, PhotoSource, read_photo
from windstill.photo.source import read_bytes
from windstill.progress import Progress, ProgressCallback
from windstill.render import Stage, paint_all, set_stage
from windstill.video.encoding import Encoded
from windstill.video.jpeg_segments import as_jpeg, is_plain_jpeg
from windstill.video.plan import Frame
from windstill.video.poster import poster_file
from windstill.web.loop import web_loop
from windstill.web.output import write_loop


def animate(
    photo: PhotoSource,
    options: Options | None = None,
    *,
    output: str | Path | None = None,
    poster: str | Path | None = None,
    limits: Limits | None = None,
    mattes: Mattes | GivenMattes | None = None,
    must_move: bool = False,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
) -> Animation:
    """Turns one photo into a seamlessly looping video of its sky and hair.

    photo: a path, bytes, a binary file, a PIL image, or a uint8 RGB array (H, W, 3).
    output: where to write; without it the result's bytes are in `Animation.data`. Where its name
    ends as another format's than MP4, it is that format, as if the options said so.
    poster: where to write the first frame, as .jpg, .png or .webp.
    limits: what photos are accepted. mattes: the caller's own instead of those the network finds:
    complete ones at the photo's size, or `GivenMattes`, whose missing ones the network finds.
    must_move: raise `NothingToMove` instead of making a video that stands still.
    threads: how many processor threads to use; all by default. progress: told about each stage;
    may raise `Cancelled` to stop.

    Raises the errors of `windstill.errors`. An element that is not in the photo is no error:
    `Animation.moved` and `Animation.warnings` say what was found.
    """
    options = _named(options or Options(), output)
    chosen = video.container(options.format)
    run = Progress(progress)
    with poster_file(poster, output) as save_poster, thread_limit(threads):
        with run.stage("photo"):
            shows_photo = chosen.film is not None or not chosen.encoded
            if shows_photo and not isinstance(photo, (Image.Image, np.ndarray)):
                photo = read_bytes(photo, limits or Limits())
            whole = read_photo(photo, limits or Limits())
            picture = _picture(photo, whole, chosen) if shows_photo else None
        with run.stage("mattes"):
            still, found = perceived(whole, options, mattes, threads)
            del whole
        with run.stage("motion"):
            stage = stage_of(still, found, options)
            # Frames and encoder need none of what it took to come this far.
            give_back_memory()
        if must_move and not stage.layers:
            reasons = " ".join(notice.message for notice in stage.notices)
            raise NothingToMove(f"Nothing in the photo can move. {reasons}".strip())
        with run.stage("video"):
            if chosen.encoded:
                frames = run.follow("video", _frames(still, stage, options), stage.frames)
                encoded = _encoded(frames, stage, options, output, threads, picture)
            else:
                encoded = write_loop(
                    web_loop(still, found, stage, options, picture), options, output
                )
            if poster is not None:
                save_poster(next(_as_rgb(still.rgb, stage)))
    return Animation(
        path=encoded.path,
        data=encoded.data,
        format=encoded.format,
        mime=encoded.mime,
        width=encoded.width,
        height=encoded.height,
        frames=encoded.frames,
        fps=encoded.fps,
        seconds=encoded.seconds,
        moved=stage.movements,
        warnings=stage.notices,
        timings=run.timings,
        repeats=encoded.repeats,
        poster=None if poster is None else Path(poster),
    )


def _named(options: Options, output: str | Path | None) -> Options:
    """The options with the format that the result's name tells."""
    if output is None:
        return options
    name = video.format_for_name(output, options.format)
    return options if name == options.format else replace(options, format=cast(Format, name))


def _picture(photo: PhotoSource, whole: Photo, chosen: video.Container) -> bytes | None:
    """The photo as a JPEG at its own size: its own bytes, where they are nothing but that.

    None where it is to be made of the photo at the size at which it is rendered.
    """
    fits = chosen.max_side is None or max(whole.width, whole.height) <= chosen.max_side
    if fits and isinstance(photo, bytes) and whole.format == "JPEG" and is_plain_jpeg(photo):
        return photo
    return as_jpeg(whole.rgb) if chosen.film else None


def _encoded(
    frames: Iterator[Frame],
    stage: Stage,
    options: Options,
    output: str | Path | None,
    threads: int | None,
    picture: bytes | None,
) -> Encoded:
    return video.encode(
        frames,
        frame_count=stage.frames,
        format=options.format,
        codec=options.codec,
        quality=options.quality,
        fps=options.fps,
        repeats=options.repeats,
        loops=options.loops,
        output=output,
        threads=threads,
        still=picture,
    )


def mattes(
    photo: PhotoSource, *, limits: Limits | None = None, threads: int | None = None
) -> Mattes:
    """Where the photo's sky, hair and faces are: float32 (H, W) in [0, 1] at the photo's size."""
    with thread_limit(threads):
        return perceive(read_photo(photo, limits or Limits()).rgb, threads=threads)


def mattes_from(
    photo: PhotoSource,
    *,
    sky: MatteSource | None = None,
    hair: MatteSource | None = None,
    limits: Limits | None = None,
    threads: int | None = None,
) -> Mattes:
    """The photo's mattes with the caller's own sky or hair; what is None the network finds.

    sky, hair: pictures of any size, stretched to the photo, white where the element is; or arrays
    (H, W), uint8 in 0 to 255, float32 in 0 to 1, or bool. Hair wins where both are given, and what
    was found, faces too, makes room for what is given. Raises `InvalidMatte`, whose field is
    `sky_matte` or `hair_matte`.
    """
    with thread_limit(threads):
        still = read_photo(photo, limits or Limits())
        return with_given(still.rgb, sky=sky, hair=hair, threads=threads)


def frames(
    photo: PhotoSource,
    options: Options | None = None,
    *,
    limits: Limits | None = None,
    mattes: Mattes | GivenMattes | None = None,
    threads: int | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """The frames of one loop, uint8 RGB (H, W, 3) at the photo's size (or `max_side`'s).

    A pixel that nothing moves is the photo's own, to the bit, in every frame; where something
    moves, the colour is as fine as the video's (4:2:0).
    """
    options = options or Options()
    with thread_limit(threads):
        still, found = perceived(read_photo(photo, limits or Limits()), options, mattes, threads)
        stage = stage_of(still, found, options)
    return _as_rgb(still.rgb, stage)


def perceived(
    photo: Photo, options: Options, given: Mattes | GivenMattes | None, threads: int | None
) -> tuple[Photo, Mattes]:
    """The photo at the size at which it is rendered, and its mattes.

    given: the caller's own mattes; see `animate`.
    """
    # GIF and WebP are smaller than the photo: what they leave out need not be rendered.
    still = photo.fit(min(options.max_side, video.container(options.format).max_side or 2**31))
    if given is None:
        # A sky that stands still only tells where the wind comes from.
        rough_sky, rough_hair = not options.wants("sky"), not options.wants("hair")
        found = perceive(still.rgb, threads=threads, rough_sky=rough_sky, rough_hair=rough_hair)
        return still, found
    if isinstance(given, GivenMattes):
        return still, given.on(still.rgb, threads=threads)
    given.check(photo.rgb.shape[:2])
    return still, given.resized(still.rgb.shape[:2])


def stage_of(still: Photo, found: Mattes, options: Options) -> Stage:
    """Everything that is computed once for a loop of `still`, whose mattes are `found`."""
    planes = from_rgb(still.rgb)
    scene = Scene(planes, found.padded(planes.shape))
    breeze = Breeze(options.frame_count, wind_degrees(scene, options), options)
    asked = [element for element in FRONT_TO_BACK if options.wants(element.name)]
    return set_stage(scene, asked, breeze)


def _frames(still: Photo, stage: Stage, options: Options) -> Iterator[Frame]:
    if video.container(options.format).full_colour:
        return _as_rgb(still.rgb, stage)
    return paint_all(stage)


def _as_rgb(still: NDArray[np.uint8], stage: Stage) -> Iterator[NDArray[np.uint8]]:
    height, width = still.shape[:2]
    rest = to_rgb(from_rgb(still)).astype(np.int16)
    for canvas in paint_all(stage):
        # Only the change is taken from the planes, so the still pixels keep their full colour.
        change = to_rgb(canvas) - rest
        yield np.clip(still + change[:height, :width], 0, 255).astype(np.uint8)
