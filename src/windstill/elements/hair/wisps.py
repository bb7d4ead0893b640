"""The flutter of wisps: strands at the outline that lift by themselves, faster than the mass.

Waves run down each strand and move it across itself; curls bounce up and down besides.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.growth import Growth
from windstill.elements.hair.gusts import Gusts
from windstill.elements.hair.locks import lock_noises
from windstill.elements.hair.strands import Strands, extended

F32 = NDArray[np.float32]

_WIDTH, _LENGTH = 0.10, 1.2
"""Of a wisp, in head sizes; shorter ones would put kinks into a strand."""
_FLUTTER, _INSIDE = 0.65, 0.35
"""How far wisps at the outline's tips flutter, in amplitudes of the mass; the share of it that
locks inside the hair do."""
_RIM = 0.06
"""In head sizes: how deep the outline's wisps are."""
_RUN, _LONGEST = 2.4, 6.0
"""Head sizes in a second at which flutter runs down a strand, and that a strand is long at most."""
_PHASE, _PHASE_TURN = 1.8, 1.9
"""Radians by which wisps differ, and by which the pattern of that turns from tone to tone."""
_BOUNCE = 0.6
"""How much of the flutter of curls is up and down."""


def flutter_of(
    growth: Growth,
    strands: Strands,
    side: float,
    gusts: Gusts,
    late: F32,
    curly: F32,
    rng: np.random.Generator,
) -> F32:
    """The basis of one head's flutter; float32 (2K, H, W, 2), in amplitudes of the mass.

    side: 1 in wind to the right, -1 to the left. late: seconds by which gusts come later, float32
    (H, W). curly: float32 (H, W) in [0, 1].
    """
    size = growth.head.size
    head_cells = size / strands.cell
    one, two, loud = lock_noises(
        strands.orientation, _WIDTH * head_cells, _LENGTH * head_cells, rng
    )
    inside = strands.hair * growth.own
    later = late + np.minimum(growth.distance / np.float32(_RUN * size), _LONGEST / _RUN)
    amplitude, run, one, two, curly, nx, ny = extended(
        [_amplitude(growth, strands, loud), later, one, two, curly, *_normals(strands, growth)],
        inside,
    )
    bounce = np.float32(_BOUNCE) * curly
    across = np.stack([(1 - bounce) * nx, (1 - bounce) * ny + bounce], axis=2)
    across *= strands.freedom * np.float32(side)
    count = len(gusts.cycles)
    basis = np.empty((2 * count, *amplitude.shape, 2), np.float32)
    for tone, (hertz, force) in enumerate(zip(gusts.hertz, gusts.flutter, strict=True)):
        turn = _PHASE_TURN * tone
        phase = np.float32(_PHASE * np.cos(turn)) * one + np.float32(_PHASE * np.sin(turn)) * two
        angle = phase + np.float32(np.angle(force)) - np.float32(2 * np.pi * hertz) * run
        wave = amplitude * np.float32(abs(force))
        basis[tone] = (wave * np.cos(angle))[..., None] * across
        basis[count + tone] = (-wave * np.sin(angle))[..., None] * across
    return basis


def _amplitude(growth: Growth, strands: Strands, loud: F32) -> F32:
    """How far each cell flutters: most at the outline's tips, and some locks more than others."""
    solid = np.pad((strands.hair > 0.5).astype(np.uint8), 1, mode="edge")
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5)[1:-1, 1:-1] * strands.cell
    rim = np.exp(-np.square(depth / np.float32(_RIM * growth.head.size)))
    tip = np.clip(growth.distance / np.float32(max(growth.length, 1e-3)), 0, 1)
    gain = np.clip(0.75 + 0.45 * loud, 0.1, 1.7)
    found: F32 = (
        np.float32(_FLUTTER)
        * gain
        * (_INSIDE + (1 - _INSIDE) * rim)
        * tip
        * np.sqrt(tip)
        * growth.own
    )
    return found


def _normals(strands: Strands, growth: Growth) -> list[F32]:
    """Across each strand, x and y, to the same side of all that grow alike; shorter where no
    direction prevails."""
    far = np.float32(20 * growth.head.size)
    away = cv2.GaussianBlur(np.minimum(growth.distance, far), (0, 0), 2.0)
    gx, gy = cv2.Sobel(away, cv2.CV_32F, 1, 0), cv2.Sobel(away, cv2.CV_32F, 0, 1)
    length = np.hypot(gx, gy) + np.float32(1e-6)
    gx, gy = gx / length, gy / length
    tangent = strands.orientation.tangent()
    coherence = strands.orientation.coherence
    sign = np.where(tangent[..., 0] * gx + tangent[..., 1] * gy < 0, -coherence, coherence)
    tx = sign * tangent[..., 0] + (1 - coherence) * gx
    ty = sign * tangent[..., 1] + (1 - coherence) * gy
    tx, ty = (cv2.GaussianBlur(part, (0, 0), 1.5) for part in (tx, ty))
    scale = 1 / np.maximum(np.hypot(tx, ty), np.float32(0.35))
    return [ty * scale, -tx * scale]
