"""The matte of the sky: in doubt the network is asked again, about the photo's mirror image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.perceive.network import Look, agreed, infer
from windstill.perceive.refine import SKY_EDGE, soft_matte
from windstill.perceive.regions import sky_region

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Beyond this part of the picture of which the network can't say whether it is sky, it is asked
# again about the mirror image: what it takes a wall or a cloud for depends on the side.
UNSURE = (0.1, 0.9)
UNSURE_AREA = 0.01


def write_sky(
    small: U8, calm: U8, look: Look, face: Bool, matte: F32, *, rough: bool, threads: int | None
) -> None:
    """Writes the sky's matte, float32 (H, W).

    small: the photo as the network sees it, uint8 (h, w, 3). calm: the photo without noise, uint8
    (H, W, 3). look: what the network said. face: where faces are, bool (h, w). rough: write 0 or
    1 for what it said, but for the rim.
    """
    probability, evidence = look.probability[0], look.sky_evidence
    if rough:
        region = sky_region(probability, evidence, face).astype(np.float32)
        cv2.resize(region, matte.shape[::-1], dst=matte)
        return
    if _unsure(probability):
        again = infer(small, long_side=max(small.shape[:2]), threads=threads, mirrored=True)
        probability = agreed(probability, again.probability[0])
        evidence = cv2.addWeighted(evidence, 0.5, again.sky_evidence, 0.5, 0)
    soft_matte(calm, probability, sky_region(probability, evidence, face), SKY_EDGE, matte)


def _unsure(probability: F32) -> bool:
    low, high = UNSURE
    unsure = np.count_nonzero((probability > low) & (probability < high))
    return bool(unsure > UNSURE_AREA * probability.size)
