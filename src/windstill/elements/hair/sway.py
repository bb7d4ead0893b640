"""The displacement of hair over one loop, as a few coarse maps to be added up per frame.

    u(x, t) = M(x, t) + F(x, t)

M is the mass, which leans and sways with the gusts, and F the flutter of its wisps (`wisps.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.hair.growth import Growth
from windstill.elements.hair.gusts import Gusts, natural_frequency, response
from windstill.elements.hair.locks import lock_noises
from windstill.elements.hair.strands import Strands, extended
from windstill.elements.hair.wisps import flutter_of
from windstill.imaging.orientation import Orientation

F32 = NDArray[np.float32]

_ACROSS = 0.75
"""How much more readily a strand gives way across its own direction than along it."""
_LOCK_WIDTH, _LOCK_LENGTH = 0.22, 1.2
"""Of what sways together, in head sizes."""
_TUNE_SPREAD, _DELAY_SPREAD, _GAIN_SPREAD, _PHASE_SPREAD = 0.15, 0.10, 0.2, 0.35
"""Spread between locks: of the natural frequency (share), of the delay (s), of the gain, and of
the phase (radians)."""
_ROOT_TO_TIP, _MOST_DELAY, ACROSS_HEAD = 0.25, 0.5, 0.22
"""Seconds that a bend takes to run down a head's length of hair, and at most to the tips; and
that a gust takes across one head."""
_SECOND_MODE, _SECOND_TUNE = 0.3, 2.3
_LIFT, _CURLY_LIFT = 0.22, 0.45
"""How far tips rise and fall beside their sway: straight ones, and curls."""
_LIFT_DELAY, _LIFT_SPREAD, _LIFT_TURN = 0.25, 0.12, 2.4
"""Seconds by which tips rise after they sway; its spread between locks; radians by which each
tone's phase differs from the one before, so that the tips draw ellipses and no line."""


def sway_of(
    growth: Growth,
    strands: Strands,
    wind: tuple[float, float],
    gusts: Gusts,
    rng: np.random.Generator,
) -> F32:
    """The basis of one head's sway for a tip amplitude of 1 pixel; float32 (2K, H, W, 2).

    A pose is a weighted sum over the first axis, the weights being `Gusts.turns`. In wind to the
    other side everything is turned round, and what comes later across the head comes sooner.
    """
    x, y = cv2.split(strands.centres)
    along_wind = (x * np.float32(wind[0]) + y * np.float32(wind[1])) / np.float32(growth.head.size)
    late = np.float32(ACROSS_HEAD) * along_wind
    curly = strands.curliness(growth.head.size)
    mass = _mass_of(growth, strands, wind, gusts, late, curly, rng)
    return mass + flutter_of(growth, strands, np.sign(wind[0]), gusts, late, curly, rng)


def _mass_of(
    growth: Growth,
    strands: Strands,
    wind: tuple[float, float],
    gusts: Gusts,
    late: F32,
    curly: F32,
    rng: np.random.Generator,
) -> F32:
    """The basis of the mass. late: seconds by which the gusts come later. curly: in [0, 1].

    Along a strand the shape is a cantilever's, with a second mode that bends it. Each lock has
    its own natural frequency, delay, phase and gain: neighbours move alike and not the same.
    """
    reach = np.clip(growth.distance / max(growth.length, 1e-3), 0, 1.25)
    head_cells = growth.head.size / strands.cell
    tune, own, gain = lock_noises(
        strands.orientation, _LOCK_WIDTH * head_cells, _LOCK_LENGTH * head_cells, rng
    )
    length = growth.relative_length
    delay = min(_ROOT_TO_TIP * length, _MOST_DELAY) * reach + late + _DELAY_SPREAD * own
    natural = natural_frequency(length) * np.clip(1 + _TUNE_SPREAD * tune, 0.7, 1.3)
    loose = (1 + _GAIN_SPREAD * np.clip(gain, -2, 2)) * growth.own
    inside = strands.hair * growth.own
    # Where the moving hair comes to lie, beside the matte, it must move as the hair does.
    first, second, delay, natural, own, tune, curly = extended(
        [*_shapes(reach, loose), delay, natural, own, tune, curly], inside
    )
    push_x, push_y = extended(_push(strands.orientation, wind), inside)
    push = np.stack([push_x, push_y], axis=2) * strands.freedom
    rise = (_LIFT + (_CURLY_LIFT - _LIFT) * curly) * strands.freedom[..., 1] * np.sign(wind[0])
    rise_delay = delay + np.float32(_LIFT_DELAY) + np.float32(_LIFT_SPREAD) * tune
    modes = (first, natural), (_SECOND_MODE * second, _SECOND_TUNE * natural)
    count = len(gusts.cycles)
    basis = np.empty((2 * count, *reach.shape, 2), np.float32)
    for tone, (hertz, force) in enumerate(zip(gusts.hertz, gusts.force, strict=True)):
        turned = delay + np.float32(_PHASE_SPREAD / (2 * np.pi * hertz)) * own
        sway = _tone(hertz, force, turned, modes)
        lift = _tone(hertz, force * np.exp(1j * _LIFT_TURN * tone), rise_delay, modes[:1])
        for part, (aside, up) in zip(
            (basis[tone], basis[count + tone]),
            ((sway[0], lift[0]), (-sway[1], -lift[1])),
            strict=True,
        ):
            part[...] = aside[..., None] * push
            part[..., 1] += up * rise
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


def _push(strands: Orientation, wind: tuple[float, float]) -> list[F32]:
    """Which way, x and y, the wind moves each strand: mostly across it, whatever the sign of its
    normal."""
    c = _ACROSS * strands.coherence
    wx, wy = wind
    nx = ((1 + strands.cos2) * wx + strands.sin2 * wy) / 2
    ny = (strands.sin2 * wx + (1 - strands.cos2) * wy) / 2
    return [
        cv2.GaussianBlur(part, (0, 0), 1.0)
        for part in ((1 - c) * wx + c * nx, (1 - c) * wy + c * ny)
    ]


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
