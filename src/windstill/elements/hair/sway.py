"""The displacement of hair over one loop, as a few coarse maps to be added up per frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.growth import Growth
from windstill.elements.hair.gusts import Gusts, natural_frequency, response
from windstill.elements.hair.locks import lock_noises
from windstill.imaging.fill import push_pull
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]

_ACROSS = 0.75
"""How much more readily a strand gives way across its own direction than along it."""
_LOCK_WIDTH, _LOCK_LENGTH = 0.10, 0.45
"""Of a lock, in head sizes."""
_TUNE_SPREAD, _DELAY_SPREAD, _GAIN_SPREAD = 0.10, 0.07, 0.12
"""Spread between locks: of the natural frequency (share), of the delay (s), of the gain."""
_ROOT_TO_TIP, ACROSS_HEAD = 0.28, 0.22
"""Seconds that motion takes from root to tip, and a gust across one head."""
_SECOND_MODE, _SECOND_TUNE = 0.3, 2.3


@dataclass(frozen=True)
class Strands:
    """What the sway of one picture's hair is made of, on a grid of cells.

    hair: matte, float32 (H, W). freedom: float32 (H, W, 2) in [0, 1], how freely hair may move
    along x and y (0 at the face and, across it, at the picture's edge). orientation: of the
    strands. centres: positions of the cells in pixels. cell: pixels.
    """

    hair: F32
    freedom: F32
    orientation: Orientation
    centres: F32
    cell: int


def sway_of(
    growth: Growth,
    strands: Strands,
    wind: tuple[float, float],
    gusts: Gusts,
    rng: np.random.Generator,
) -> F32:
    """The basis of one head's sway for a tip amplitude of 1 pixel; float32 (2K, H, W, 2).

    A pose is a weighted sum over the first axis, the weights being `Gusts.turns`. Along a strand
    the shape is a cantilever's, with a second mode that bends it; each lock has its own natural
    frequency and delay, so that neighbours move alike and not the same.
    """
    reach = np.clip(growth.distance / max(growth.length, 1e-3), 0, 1.25)
    head_cells = growth.head.size / strands.cell
    tune, late, gain = lock_noises(
        strands.orientation, _LOCK_WIDTH * head_cells, _LOCK_LENGTH * head_cells, rng
    )
    x, y = cv2.split(strands.centres)
    along_wind = (x * np.float32(wind[0]) + y * np.float32(wind[1])) / growth.head.size
    delay = _ROOT_TO_TIP * reach + ACROSS_HEAD * along_wind + _DELAY_SPREAD * late
    natural = natural_frequency(growth.relative_length) * np.clip(1 + _TUNE_SPREAD * tune, 0.7, 1.3)
    loose = (1 + _GAIN_SPREAD * np.clip(gain, -2, 2)) * growth.own
    inside = strands.hair * growth.own
    fields = np.stack([*_shapes(reach, loose), delay, natural], axis=2).astype(np.float32)
    # Where the moving hair comes to lie, beside the matte, it must move as the hair does.
    first, second, delay, natural = cv2.split(_extended(fields, inside))
    push = _extended(_push(strands.orientation, wind), inside) * strands.freedom
    modes = (first, natural), (_SECOND_MODE * second, _SECOND_TUNE * natural)
    tones = [
        _tone(hertz, force, delay, modes)
        for hertz, force in zip(gusts.hertz, gusts.force, strict=True)
    ]
    waves = np.stack([*(real for real, _ in tones), *(-imaginary for _, imaginary in tones)])
    basis: F32 = waves[..., None] * push
    return basis


def _tone(
    hertz: float, force: complex, delay: F32, modes: tuple[tuple[F32, F32], ...]
) -> tuple[F32, F32]:
    """Real and imaginary part of how hair answers a force of `hertz` after a `delay` (seconds).

    modes: the shape of each, and its natural frequency. In real numbers, which take a fifth of the
    time that complex ones do.
    """
    real, imaginary = np.zeros_like(delay), np.zeros_like(delay)
    for shape, natural in modes:
        part = response(np.full_like(natural, hertz), natural)
        real += shape * part[0]
        imaginary += shape * part[1]
    angle = np.float32(-2 * np.pi * hertz) * delay
    cosine, sine = np.cos(angle), np.sin(angle)
    along = np.float32(force.real) * cosine - np.float32(force.imag) * sine
    across = np.float32(force.real) * sine + np.float32(force.imag) * cosine
    return real * along - imaginary * across, real * across + imaginary * along


def _shapes(reach: F32, gain: F32) -> tuple[F32, F32]:
    """Deflection along a strand: a cantilever under even load, and its bend with one node."""
    tip = np.minimum(reach, 1)
    first = tip**4 / 3 - 4 * tip**3 / 3 + 2 * tip**2
    second = tip**2 * (4 * tip - 3)
    return first * gain, second * gain


def _push(strands: Orientation, wind: tuple[float, float]) -> F32:
    """Which way the wind moves each strand: mostly across it, whatever the sign of its normal."""
    c = _ACROSS * strands.coherence
    wx, wy = wind
    nx = ((1 + strands.cos2) * wx + strands.sin2 * wy) / 2
    ny = (strands.sin2 * wx + (1 - strands.cos2) * wy) / 2
    push = cv2.merge([(1 - c) * wx + c * nx, (1 - c) * wy + c * ny])
    smooth: F32 = cv2.GaussianBlur(push, (0, 0), 1.0)
    return smooth


def _extended(fields: F32, hair: F32) -> F32:
    known = np.clip(2 * hair - 0.6, 0, 1).astype(np.float32)
    return push_pull(fields, known)


@dataclass(frozen=True)
class Sway:
    """The motion of all hair on one grid.

    basis: float32 (2K, H, W, 2), displacement in pixels. gusts: its tones. start: the moment
    (loops) at which the hair lies as in the photo.
    """

    basis: F32
    gusts: Gusts
    start: float

    def weights(self, moments: NDArray[np.float64]) -> F32:
        """Weights of the basis at `moments` (loops), float32 (n, 2K); exactly 0 at moment 0."""
        rest = self.gusts.turns(np.array([self.start]))
        return self.gusts.turns(self.start + np.mod(moments, 1.0)) - rest

    def rates(self, moments: NDArray[np.float64], seconds: float) -> F32:
        """Like `weights`, for the displacement's change in `seconds` at its present speed."""
        turns = self.gusts.turns(self.start + moments)
        cos, sin = np.split(turns, 2, axis=1)
        turning = np.tile(2 * np.pi * self.gusts.hertz * seconds, 2)
        return (np.concatenate([-sin, cos], axis=1) * turning).astype(np.float32)

    def displacement(self, moment: float) -> F32:
        """Pixels by which the hair seen in each cell came from elsewhere, float32 (H, W, 2)."""
        # Not by matrix multiplication, for which BLAS libraries start threads.
        weights = self.weights(np.array([moment]))[0]
        pose: F32 = np.einsum("t,thwc->hwc", weights, self.basis)
        return pose

    @property
    def moments(self) -> NDArray[np.float64]:
        """Moments dense enough to see every swing."""
        return np.arange(count := int(max(32, 5 * self.gusts.cycles.max()))) / count


def rest_moment(basis: F32, gusts: Gusts) -> float:
    """The moment at which the hair is nearest to its mean pose, so that the photo can be it."""
    moments = np.arange(240) / 240
    flat = basis.reshape(basis.shape[0], -1)
    gram = np.einsum("tn,un->tu", flat, flat)
    turns = gusts.turns(moments).astype(np.float64)
    return float(moments[np.argmin(np.einsum("pt,tu,pu->p", turns, gram, turns))])
