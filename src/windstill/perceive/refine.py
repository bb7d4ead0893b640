"""From a region at the network's size to a soft matte at the photo's.

Only a band around the region's border is uncertain. There the guided filter lets the photo's own
edges decide; inside the band's inner rim the matte is exactly 1, beyond its outer rim exactly 0,
because what is exactly 0 is promised to stay still.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.guided import evaluate, guided_coefficients
from windstill.perceive.regions import confined, disc

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# Longer side of the small copy on which edges are found, in pixels.
GUIDE_SIDE = 640


@dataclass(frozen=True)
class Edge:
    """How soft an element's border is.

    band and radius (of the guided filter) are parts of the diagonal. The filter's answer is
    stretched so that `low` becomes 0 and `high` becomes 1.
    """

    band: float
    radius: float
    epsilon: float
    low: float
    high: float


# A sky that covers a twig makes the twig swim; a twig that keeps a rim of sky goes unseen. So the
# sky is cut rather small.
SKY_EDGE = Edge(band=0.014, radius=0.010, epsilon=1e-4, low=0.22, high=0.86)
HAIR_EDGE = Edge(band=0.022, radius=0.010, epsilon=1e-4, low=0.12, high=0.88)
FACE_EDGE = Edge(band=0.010, radius=0.006, epsilon=1e-3, low=0.10, high=0.90)


def soft_matte(rgb: U8, probability: F32, region: Bool, edge: Edge, out: F32) -> None:
    """Writes the matte of a region into `out`.

    rgb: uint8 (H, W, 3). probability: float32 (h, w) and region: bool (h, w), covering the same
    picture at the network's size. out: float32 (H, W), overwritten.
    """
    if not region.any():
        out[:] = 0
        return
    height, width = rgb.shape[:2]
    scale = min(1.0, GUIDE_SIDE / max(height, width))
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    guide = cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA)
    diagonal = float(np.hypot(rows, columns))
    enlarged = cv2.resize(probability, (columns, rows))
    inside = cv2.resize(region.astype(np.float32), (columns, rows)) > 0.5
    reach = max(2, round(edge.band * diagonal))
    target = confined(np.asarray(enlarged, np.float32), inside, reach)
    coefficients = guided_coefficients(
        guide.astype(np.float32) / 255,
        target,
        max(2, round(edge.radius * diagonal)),
        edge.epsilon,
    )
    evaluate(_limited(coefficients, inside, reach), rgb, edge.low, edge.high, out)


def _limited(coefficients: F32, inside: Bool, reach: int) -> F32:
    """The affine functions within the band, fading at its rims into the constants 0 and 1."""
    plane = inside.astype(np.uint8)
    band = cv2.dilate(plane, disc(reach)) - cv2.erode(
        plane, disc(reach), borderType=cv2.BORDER_REPLICATE
    )
    fade = max(1, reach // 2)
    core = cv2.erode(band, disc(fade), borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    weight = cv2.blur(core, (2 * fade + 1, 2 * fade + 1))
    # A running sum leaves rounding errors where the weight should be nought.
    weight[band == 0] = 0
    limited = coefficients * weight[..., None]
    limited[..., 3] += (1 - weight) * plane
    return np.asarray(limited, np.float32)
