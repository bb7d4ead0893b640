"""Where the sky, the hair and the faces of a photo are."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.threads import at_once
from windstill.perceive.heads import write_heads
from windstill.perceive.mattes import Mattes
from windstill.perceive.network import Look, agreed, infer, shown
from windstill.perceive.noise import calmed
from windstill.perceive.refine import SKY_EDGE, soft_matte
from windstill.perceive.regions import face_region, sky_region

__all__ = ["Mattes", "perceive"]

# Longer side of the picture that the network sees.
LOOK = 416
# Beyond this part of the picture of which the network can't say whether it is sky, it is asked
# again about the mirror image: what it takes a wall or a cloud for depends on the side.
UNSURE = (0.1, 0.9)
UNSURE_AREA = 0.01

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


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
    calm = calmed(rgb)
    small = shown(rgb, LOOK)
    look = infer(small, long_side=LOOK, threads=threads)
    found = look.probability
    mattes = Mattes.empty((rgb.shape[0], rgb.shape[1]))
    heads = partial(write_heads, rgb, calm, found[1:], mattes, rough=rough_hair, threads=threads)
    face = face_region(found[2])
    if rough_sky:
        region = sky_region(found[0], look.sky_evidence, face).astype(np.float32)
        cv2.resize(region, mattes.shape[::-1], dst=mattes.sky)
        heads()
    else:
        at_once(heads, partial(_sky, small, calm, look, face, mattes, threads), threads)
    _share(mattes)
    return mattes


def _sky(small: U8, calm: U8, look: Look, face: Bool, mattes: Mattes, threads: int | None) -> None:
    """Writes the sky's matte. small: the photo as the network sees it. calm: the photo without
    noise. face: bool (h, w), at the network's size."""
    probability, evidence = look.probability[0], look.sky_evidence
    if _unsure(probability):
        mirrored = infer(small, long_side=LOOK, threads=threads, mirrored=True)
        probability = agreed(probability, mirrored.probability[0])
        evidence = cv2.addWeighted(evidence, 0.5, mirrored.sky_evidence, 0.5, 0)
    soft_matte(calm, probability, sky_region(probability, evidence, face), SKY_EDGE, mattes.sky)


def _unsure(probability: F32) -> bool:
    low, high = UNSURE
    unsure = np.count_nonzero((probability > low) & (probability < high))
    return bool(unsure > UNSURE_AREA * probability.size)


def _share(mattes: Mattes) -> None:
    """Lets no pixel belong to more than one whole: the face first, then the hair, then the sky."""
    faces, hairs = (_rows_with(matte) for matte in (mattes.face, mattes.hair))
    for matte in (mattes.hair, mattes.sky):
        np.minimum(matte[faces], 1 - mattes.face[faces], out=matte[faces])
    rest = np.subtract(1 - mattes.face[hairs], mattes.hair[hairs])
    np.minimum(mattes.sky[hairs], np.maximum(rest, 0, out=rest), out=mattes.sky[hairs])


def _rows_with(matte: F32) -> slice:
    """From the first row in which a matte is not 0 to the last."""
    rows = np.flatnonzero(matte.any(axis=1))
    return slice(rows[0], rows[-1] + 1) if rows.size else slice(0)
