"""Where the sky, the hair and the faces of a photo are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from windstill.imaging.threads import at_once
from windstill.perceive.faces import detect_faces, quarter_turns
from windstill.perceive.heads import write_heads
from windstill.perceive.mattes import Mattes
from windstill.perceive.network import infer, shown
from windstill.perceive.noise import calmed
from windstill.perceive.regions import face_region
from windstill.perceive.skies import write_sky
from windstill.perceive.windows import lacks_faces

__all__ = ["Mattes", "perceive"]

# Longer side of the picture that the network sees.
LOOK = 416


def perceive(
    rgb: NDArray[np.uint8],
    *,
    threads: int | None = None,
    rough_sky: bool = False,
    rough_hair: bool = False,
) -> Mattes:
    """Finds sky, hair and faces in a photo.

    rgb: uint8 (H, W, 3), sRGB, upright. threads: of the processor, for the network; None for all.
    rough_sky, rough_hair: this matte need only tell about where the element is, which takes half
    the time.
    The mattes are float32 (H, W) in [0, 1]; see `Mattes` for what they promise. Raises
    PerceptionError when the network can't be loaded or fails.
    """
    small = shown(rgb, LOOK)
    look = infer(small, long_side=LOOK, threads=threads)
    faces = [] if rough_hair else detect_faces(rgb, threads=threads)
    if not rough_hair and lacks_faces(look.probability[1], look.probability[2], faces, rgb.shape):
        turns = quarter_turns(rgb, threads=threads)
        upright = np.ascontiguousarray(np.rot90(rgb, turns))
        # A face that turns up beside the hair is none of a person who is seen from behind.
        if turns and _has_faces(upright, threads):
            again = perceive(upright, threads=threads, rough_sky=rough_sky)
            return again.turned(-turns)
    calm = calmed(rgb)
    face = face_region(look.probability[2])
    mattes = Mattes.empty((rgb.shape[0], rgb.shape[1]))
    found = look.probability[1:]
    heads = partial(write_heads, rgb, calm, found, faces, mattes, rough=rough_hair, threads=threads)
    sky = partial(write_sky, small, calm, look, face, mattes.sky, rough=rough_sky, threads=threads)
    skipped, _ = at_once(heads, sky, threads)
    _share(mattes)
    return replace(mattes, skipped_heads=skipped)


def _has_faces(rgb: NDArray[np.uint8], threads: int | None) -> bool:
    """Whether most of the heads of a photo, uint8 RGB (H, W, 3), have a face that is detected."""
    _, hair, face = infer(shown(rgb, LOOK), long_side=LOOK, threads=threads).probability
    return not lacks_faces(hair, face, detect_faces(rgb, threads=threads), rgb.shape)


def _share(mattes: Mattes) -> None:
    """Lets no pixel belong to more than one whole: the face first, then the hair, then the sky."""
    faces, hairs = (_rows_with(matte) for matte in (mattes.face, mattes.hair))
    for matte in (mattes.hair, mattes.sky):
        np.minimum(matte[faces], 1 - mattes.face[faces], out=matte[faces])
    rest = np.subtract(1 - mattes.face[hairs], mattes.hair[hairs])
    np.minimum(mattes.sky[hairs], np.maximum(rest, 0, out=rest), out=mattes.sky[hairs])


def _rows_with(matte: NDArray[np.float32]) -> slice:
    """From the first row in which a matte is not 0 to the last."""
    rows = np.flatnonzero(matte.any(axis=1))
    return slice(rows[0], rows[-1] + 1) if rows.size else slice(0)
